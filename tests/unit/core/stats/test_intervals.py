"""What a difference is worth: intervals that agree with their test, and the arithmetic around them."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from maieutic.core.stats.intervals import (
    Interval,
    count_flips,
    interval_from_sums,
    mean_interval,
    paired_difference,
)
from maieutic.core.stats.tests import compare_paired, mcnemar_p_value, noise_floor, permutation_p_value, verdict
from scipy.stats import binomtest, bootstrap, permutation_test, ttest_1samp


def rows(gained: int, lost: int, same: int) -> tuple[list[float], list[float]]:
    return [0.0] * gained + [1.0] * lost + [1.0] * same, [1.0] * gained + [0.0] * lost + [1.0] * same


def test_mcnemar_is_the_doubled_binomial_tail() -> None:
    assert mcnemar_p_value(8, 1) == pytest.approx(2 * (1 + 9) / 2**9)
    assert mcnemar_p_value(1, 8) == mcnemar_p_value(8, 1)
    assert mcnemar_p_value(0, 0) == 1.0
    assert mcnemar_p_value(3, 3) == pytest.approx(1.0)


def test_bca_agrees_with_scipy_on_graded_scores() -> None:
    rng = np.random.default_rng(3)
    before = rng.random(60).round(2)
    after = np.clip(before + rng.exponential(0.2, 60) - 0.1, 0, 1)
    ours = paired_difference(before.tolist(), after.tolist(), seed=1)
    theirs = bootstrap((after - before,), np.mean, method="BCa", n_resamples=9999, rng=1).confidence_interval
    assert ours.value == pytest.approx((after - before).mean())
    assert ours.low == pytest.approx(theirs.low, abs=0.004)
    assert ours.high == pytest.approx(theirs.high, abs=0.004)


def test_the_same_seed_gives_the_same_interval_and_another_seed_nearly_so() -> None:
    before, after = rows(20, 8, 40)
    first = compare_paired(before, after, seed=5)
    assert first == compare_paired(before, after, seed=5)
    other = compare_paired(before, after, seed=6)
    assert other.p == first.p
    assert other.low == pytest.approx(first.low, abs=0.02)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 25), st.integers(0, 25), st.integers(0, 60), st.integers(0, 2**32))
def test_for_right_and_wrong_the_interval_excludes_zero_only_where_the_exact_test_rejects(
    gained: int, lost: int, same: int, seed: int
) -> None:
    before, after = rows(gained, lost, same)
    found = compare_paired(before, after, seed=seed)
    assert found.test == "exact McNemar"
    assert -1 <= found.low <= found.value <= found.high <= 1
    if found.excludes_zero:
        assert found.p < 0.05
    if verdict(found, found.p) == "improved":
        assert gained > lost


def test_three_flips_of_a_hundred_prove_nothing_although_a_bare_bootstrap_says_so() -> None:
    before, after = rows(3, 0, 97)
    bare = bootstrap((np.array(after) - np.array(before),), np.mean, method="BCa", rng=0).confidence_interval
    assert bare.low > 0
    found = compare_paired(before, after, seed=0)
    assert found.low < 0
    assert verdict(found, found.p) == "no evidence of improvement"


def test_no_variation_gives_the_point_and_one_row_gives_everything() -> None:
    assert paired_difference([0.0, 1.0, 1.0], [0.0, 1.0, 1.0], seed=0) == Interval(value=0, low=0, high=0)
    level = paired_difference([0.25] * 8, [0.5] * 8, seed=0)
    assert (level.value, level.low, level.high) == (0.25, 0.25, 0.25)
    assert paired_difference([0.2], [0.9], seed=0) == Interval(value=0.7, low=-1, high=1)
    assert paired_difference([], [], seed=0) == Interval(value=0, low=-1, high=1)


def test_rows_that_do_not_pair_are_refused() -> None:
    with pytest.raises(ValueError, match="shorter"):
        paired_difference([0.0, 1.0], [1.0], seed=0)
    with pytest.raises(ValueError, match="no scores"):
        mean_interval([])


@pytest.mark.parametrize("n", [3, 9, 16])
def test_the_permutation_test_is_exact_for_few_rows(n: int) -> None:
    differences = np.random.default_rng(n).normal(0.2, 0.3, n).round(3)
    theirs = permutation_test(
        (differences, np.zeros(n)),
        lambda a, b, axis: (a - b).mean(axis=axis),
        permutation_type="samples",
        n_resamples=math.inf,
        vectorized=True,
    )
    assert permutation_p_value(differences.tolist(), seed=0) == pytest.approx(theirs.pvalue)


def test_the_permutation_test_ignores_equal_rows_and_draws_for_many() -> None:
    assert permutation_p_value([0.0] * 40, seed=0) == 1.0
    assert permutation_p_value([0.1] * 5 + [0.0] * 100, seed=0) == pytest.approx(2 / 2**5)
    many = [0.1, -0.1] * 20 + [0.3] * 12
    assert permutation_p_value(many, seed=1) == permutation_p_value(many, seed=1)
    assert 1 / 10_000 <= permutation_p_value(many, seed=1) < 0.01
    assert permutation_p_value([0.1, -0.1] * 20, seed=1) == 1.0


def test_wilson_for_right_and_wrong_student_for_graded_means() -> None:
    perfect = mean_interval([1.0] * 12)
    assert (perfect.value, perfect.high) == (1.0, 1.0)
    assert perfect.low == pytest.approx(12 / (12 + 1.959964**2))
    graded = mean_interval([0.1, 0.4, 0.5, 0.9] * 20)
    assert graded.value == pytest.approx(0.475)
    assert 0.4 < graded.low < graded.value < graded.high < 0.55
    assert mean_interval([0.4]) == Interval(value=0.4, low=0, high=1)


def test_few_graded_rows_get_students_interval() -> None:
    few = mean_interval([0.2, 0.4, 0.9])
    assert (few.low, few.high) == (0.0, 1.0)
    student = 2.364624 * np.std([0.3, 0.5] * 4, ddof=1) / 8**0.5
    assert mean_interval([0.3, 0.5] * 4).low <= 0.4 - student + 1e-6


def test_flips_count_both_directions() -> None:
    assert count_flips([0.0, 1.0, 1.0, 0.5], [1.0, 0.0, 1.0, 0.6]) == (2, 1)


@pytest.mark.parametrize(
    ("low", "high", "p", "said"),
    [
        (0.1, 0.3, 0.01, "improved"),
        (0.1, 0.3, 0.05, "no evidence of improvement"),
        (-0.1, 0.3, 0.01, "no evidence of improvement"),
        (0.0, 0.3, 0.01, "no evidence of improvement"),
        (-0.3, -0.1, 0.01, "worse"),
        (-0.3, -0.1, 0.2, "no evidence of improvement"),
    ],
)
def test_a_verdict_needs_interval_and_test(low: float, high: float, p: float, said: str) -> None:
    assert verdict(Interval(value=(low + high) / 2, low=low, high=high), p) == said


def test_the_noise_floor_is_what_the_same_prompt_shows_twice() -> None:
    quiet = noise_floor([1.0, 0.0, 1.0], [1.0, 0.0, 1.0])
    assert (quiet.difference, quiet.changed, quiet.floor) == (0, 0, 0)
    loud = noise_floor([1.0, 0.0] * 32, [1.0, 1.0] * 16 + [0.0, 0.0] * 16)
    assert loud.changed == 0.5
    assert loud.difference == 0.0
    assert loud.floor == pytest.approx(1.96 * math.sqrt(0.5 / 64))


def sums(scores: list[float]) -> tuple[int, float, float]:
    return len(scores), sum(scores), sum(score * score for score in scores)


@pytest.mark.parametrize("size", [2, 3, 4, 5, 8, 20, 200])
def test_graded_sums_give_the_interval_of_student(size: int) -> None:
    scores = (0.5 + 0.2 * np.random.default_rng(size).uniform(-1, 1, size)).tolist()
    expected = ttest_1samp(scores, 0).confidence_interval(0.95)
    low, high = interval_from_sums(*sums(scores))
    assert (low, high) == pytest.approx((max(0, expected.low), min(1, expected.high)), abs=1e-5)


@pytest.mark.parametrize(("right", "size"), [(0, 1), (1, 1), (0, 9), (7, 12), (40, 40)])
def test_sums_of_right_and_wrong_give_the_interval_of_wilson(right: int, size: int) -> None:
    expected = binomtest(right, size).proportion_ci(0.95, method="wilson")
    low, high = interval_from_sums(*sums([1.0] * right + [0.0] * (size - right)))
    assert (low, high) == pytest.approx((expected.low, expected.high), abs=1e-6)


def test_too_few_scores_exclude_nothing() -> None:
    assert interval_from_sums(0, 0.0, 0.0) == (0.0, 1.0)
    assert interval_from_sums(1, 0.4, 0.16) == (0.0, 1.0)
