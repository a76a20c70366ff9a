"""What few rows can show, and what the best of many is worth."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from maieutic.core.stats.shrinkage import BetaPrior, detectable_gain, fit_prior, shrunk_means
from maieutic.core.stats.tests import mcnemar_p_value


def test_more_rows_show_smaller_gains() -> None:
    seen = [detectable_gain(n) for n in (20, 40, 100, 400)]
    assert all(one is not None for one in seen)
    assert seen == sorted(seen, key=lambda one: -(one or 0))
    assert seen[1] == pytest.approx(0.23, abs=0.02)


def test_too_few_rows_show_nothing() -> None:
    assert detectable_gain(5) is None
    assert detectable_gain(0) is None
    assert detectable_gain(1000, base=1.0) is None


def test_the_promised_power_is_met_by_simulation() -> None:
    n, base = 60, 0.5
    gain = detectable_gain(n, base)
    assert gain is not None
    after = base + gain
    both = base * after + 0.5 * (base * (1 - base) * after * (1 - after)) ** 0.5
    flips = np.random.default_rng(0).multinomial(n, [after - both, base - both, 1 - after - base + 2 * both], size=1000)
    found = np.mean([won > lost and mcnemar_p_value(int(won), int(lost)) < 0.05 for won, lost, _ in flips])
    assert found == pytest.approx(0.8, abs=0.04)


@given(st.lists(st.integers(0, 20), min_size=2, max_size=12))
def test_with_equal_rows_shrinking_keeps_the_order_and_the_range(right: list[int]) -> None:
    means = shrunk_means([20] * len(right), [float(one) for one in right])
    assert all(-1e-12 <= mean <= 1 + 1e-12 for mean in means)
    grand = sum(right) / (20 * len(right))
    for mean, one in zip(means, right, strict=True):
        assert abs(mean - grand) <= abs(one / 20 - grand) + 1e-12
    assert [m for _, m in sorted(zip(right, means, strict=True))] == sorted(means)


def test_few_rows_are_drawn_further_and_no_rows_all_the_way() -> None:
    prior = BetaPrior(mean=0.5, rows=10)
    assert shrunk_means([40, 2, 0], [40.0, 2.0, 0.0], prior) == pytest.approx([45 / 50, 7 / 12, 0.5])
    assert shrunk_means([0, 0], [0.0, 0.0]) == [0.5, 0.5]


def test_candidates_that_differ_by_chance_alone_are_taken_to_be_alike() -> None:
    rng = np.random.default_rng(4)
    alike = fit_prior([30] * 40, rng.binomial(30, 0.6, 40).astype(float).tolist())
    apart = fit_prior([30] * 40, rng.binomial(30, rng.beta(3, 2, 40)).astype(float).tolist())
    assert alike.rows > 100
    assert 2 < apart.rows < 12


def test_the_winner_of_many_is_promised_less_than_it_showed() -> None:
    """Over many runs the shrunk mean of the chosen candidate is nearly unbiased; its observed mean is not."""
    rng = np.random.default_rng(8)
    observed, shrunk, true = [], [], []
    for _ in range(200):
        skill = rng.beta(12, 8, 20)
        right = rng.binomial(30, skill).astype(float)
        best = int(right.argmax())
        observed.append(right[best] / 30)
        shrunk.append(shrunk_means([30] * 20, right.tolist())[best])
        true.append(skill[best])
    assert np.mean(observed) - np.mean(true) > 0.04
    assert abs(np.mean(shrunk) - np.mean(true)) < 0.02
