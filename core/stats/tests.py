"""Hypothesis tests of paired scores, and the claim that follows. Pure and seeded; numpy and scipy load lazily.

Scores are in [0, 1] and paired by example. `before` and `after` are two prompts on the same examples; a positive
difference means that `after` is better.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from .intervals import (
    CONFIDENCE,
    EPSILON,
    RESAMPLES,
    Interval,
    count_flips,
    is_binary,
    paired_difference,
    paired_differences,
    random_generator,
    resample_batches,
)

Verdict = Literal["improved", "no evidence of improvement", "worse"]
Test = Literal["exact McNemar", "exact sign-flip permutation", "sign-flip permutation"]

# All 2^16 sign patterns are enumerated in a fraction of a second.
_EXACT_UP_TO = 16


class Difference(Interval):
    """A paired difference with the test that suits its kind of score."""

    p: float = Field(ge=0, le=1)
    test: Test


class NoiseFloor(BaseModel):
    """How far one prompt differs from itself if it is measured twice on the same examples.

    Attributes:
        difference: The second mean minus the first.
        changed: The share of examples with another score.
        floor: A difference of two means on as many examples stays within ± this in 95 % of cases, by the sampling of
            the model alone.
        n: The number of examples.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    difference: float
    changed: float
    floor: float
    n: int


def compare_paired(
    before: Sequence[float], after: Sequence[float], *, seed: int, level: float = CONFIDENCE
) -> Difference:
    """The paired difference with its p-value: exact McNemar for 0/1 scores, else sign-flip permutation."""
    interval = paired_difference(before, after, seed=seed, level=level)
    if is_binary(before) and is_binary(after):
        p = mcnemar_p_value(*count_flips(before, after))
        return Difference(**interval.model_dump(), p=p, test="exact McNemar")
    differences = paired_differences(before, after)
    exact = sum(abs(value) > EPSILON for value in differences) <= _EXACT_UP_TO
    test: Test = "exact sign-flip permutation" if exact else "sign-flip permutation"
    return Difference(**interval.model_dump(), p=permutation_p_value(differences, seed), test=test)


def mcnemar_p_value(wins: int, losses: int) -> float:
    """Two-sided p of the exact McNemar test; 1 if nothing flipped."""
    if wins + losses == 0:
        return 1.0
    from scipy.stats import binomtest

    return float(binomtest(wins, wins + losses).pvalue)


def permutation_p_value(differences: Sequence[float], seed: int) -> float:
    """Two-sided p of the sign-flip permutation test on the mean.

    Exact with up to 16 differences that are not zero; beyond, 9,999 seeded resamples, the observed one counted in.
    """
    import numpy as np

    values = np.asarray([value for value in differences if abs(value) > EPSILON], dtype=np.float64)
    if values.size == 0:
        return 1.0
    observed = abs(float(values.sum())) - EPSILON * values.size
    if values.size <= _EXACT_UP_TO:
        signs = 1 - 2 * ((np.arange(2**values.size)[:, None] >> np.arange(values.size)) & 1)
        return float((np.abs(signs @ values) >= observed).mean())
    rng, hits = random_generator(seed, "permutation"), 0
    for size in resample_batches(values.size):
        signs = 1 - 2 * rng.integers(0, 2, size=(size, values.size), dtype=np.int8)
        hits += int((np.abs(signs @ values) >= observed).sum())
    return (hits + 1) / (RESAMPLES + 1)


def verdict(interval: Interval, p: float, *, level: float = CONFIDENCE) -> Verdict:
    """A claim in either direction needs both: an interval that excludes zero, and p below 1 - level."""
    if not interval.excludes_zero or p >= round(1 - level, 12):
        return "no evidence of improvement"
    return "improved" if interval.low > 0 else "worse"


def noise_floor(first: Sequence[float], second: Sequence[float]) -> NoiseFloor:
    """From one prompt measured twice on the same examples, of which there must be at least one."""
    differences = paired_differences(first, second)
    n = len(differences)
    spread = (sum(value * value for value in differences) / n) ** 0.5
    changed = sum(count_flips(first, second)) / n
    return NoiseFloor(difference=sum(differences) / n, changed=changed, floor=1.96 * spread / n**0.5, n=n)
