"""DESIGN §7: where nothing was gained, `improved` appears in at most 5 % of runs; where much was, it is found."""

from functools import cache

import numpy as np
import pytest
from maieutic.core.stats.tests import Difference, compare_paired, mcnemar_p_value, permutation_p_value, verdict
from numpy.typing import NDArray
from scipy.stats import binom

RUNS = 2_000


@cache
def _said(gained: int, lost: int, n: int) -> str:
    """For 0/1 scores the verdict depends on the flips alone, so equal counts are reckoned once; where the test
    does not reject, no interval can make it a claim."""
    if mcnemar_p_value(gained, lost) >= 0.05:
        return "no evidence of improvement"
    before = [0.0] * gained + [1.0] * lost + [1.0] * (n - gained - lost)
    after = [1.0] * gained + [0.0] * lost + [1.0] * (n - gained - lost)
    found: Difference = compare_paired(before, after, seed=0)
    return verdict(found, found.p)


def _share(before: NDArray[np.bool_], after: NDArray[np.bool_], said: str) -> float:
    gained, lost = (after & ~before).sum(axis=1), (before & ~after).sum(axis=1)
    n = before.shape[1]
    return sum(_said(int(g), int(x), n) == said for g, x in zip(gained, lost, strict=True)) / len(gained)


def _correlated(rng: np.random.Generator, n: int, base: float, gain: float) -> tuple[NDArray[np.bool_], ...]:
    """Rows have a difficulty of their own; each prompt is right or wrong on them independently given that."""
    ease = rng.beta(2 * base, 2 * (1 - base), size=(RUNS, n))
    return rng.random((RUNS, n)) < ease, rng.random((RUNS, n)) < np.minimum(1, ease + gain)


@pytest.mark.parametrize("n", [12, 60, 100])
@pytest.mark.parametrize("base", [0.3, 0.7, 0.9])
def test_where_nothing_was_gained_improved_is_rare(n: int, base: float) -> None:
    before, after = _correlated(np.random.default_rng(n), n, base, 0.0)
    most = binom.isf(0.001, RUNS, 0.025) / RUNS
    assert most < 0.05
    assert _share(before, after, "improved") <= most
    assert _share(before, after, "worse") <= most


def test_where_nothing_was_gained_graded_scores_claim_little_too() -> None:
    rng, runs, n = np.random.default_rng(7), 300, 14
    claims = 0
    for run in range(runs):
        ease = rng.random(n)
        before, after = (np.clip(ease + rng.normal(0, 0.2, n), 0, 1).tolist() for _ in range(2))
        if permutation_p_value([b - a for a, b in zip(before, after, strict=True)], run) < 0.05:
            found = compare_paired(before, after, seed=run)
            claims += verdict(found, found.p) == "improved"
    assert claims > 0
    assert claims <= binom.isf(0.001, runs, 0.025)


def test_a_gain_of_thirty_points_on_a_hundred_rows_is_found() -> None:
    rng = np.random.default_rng(11)
    before = rng.random((400, 100)) < 0.5
    after = rng.random((400, 100)) < 0.8
    assert _share(before, after, "improved") > 0.95
