"""Confidence intervals of means and of paired differences. Pure and seeded; numpy and scipy load at the first use.

Scores are in [0, 1] and paired by example. `before` and `after` are two prompts on the same examples; a positive
difference means that `after` is better.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from statistics import NormalDist
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from ..identity import seeded_random

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

CONFIDENCE = 0.95
# One less than a round number, since the observed value counts as a resample: p-values are multiples of 1/10,000.
RESAMPLES = 9_999
# Scores that differ by less are equal: they come from different orders of summation.
EPSILON = 1e-12
# Below that, the bootstrap is too narrow, and Student's interval is added.
_SMALL_SAMPLE = 20
# Numbers in memory at a time: 16 MB of floats.
_BATCH_CELLS = 2_000_000


class Interval(BaseModel):
    """A value and its bounds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    value: float
    low: float
    high: float

    @property
    def excludes_zero(self) -> bool:
        return self.low > 0 or self.high < 0


def paired_difference(
    before: Sequence[float], after: Sequence[float], *, seed: int, level: float = CONFIDENCE
) -> Interval:
    """mean(after - before) with a BCa bootstrap interval over the examples.

    For 0/1 scores BCa is too narrow if few examples flip, so the interval is widened to hold the exact conditional one
    (Clopper-Pearson on the share of flips that gained): it excludes zero only if exact McNemar rejects. Below 20
    examples it also holds Student's interval; fewer than two examples give [-1, 1]. Equal graded differences, or no
    flip at all, give the point itself: there is no variation to resample, which is no proof of certainty.

    Raises:
        ValueError: The lengths differ.
    """
    differences = paired_differences(before, after)
    n = len(differences)
    if n < 2:
        return Interval(value=sum(differences), low=-1.0, high=1.0)
    interval = _bca_interval(differences, seed, level)
    gained, lost = count_flips(before, after)
    if gained + lost == 0 or not (is_binary(before) and is_binary(after)):
        return interval
    from scipy.stats import binomtest

    share = binomtest(gained, gained + lost).proportion_ci(level, method="exact")
    low, high = ((2 * float(bound) - 1) * (gained + lost) / n for bound in (share.low, share.high))
    return Interval(value=interval.value, low=min(interval.low, low), high=max(interval.high, high))


def mean_interval(scores: Sequence[float]) -> Interval:
    """The mean with the 95 % interval of `interval_from_sums`, so that a score has one interval everywhere.

    Raises:
        ValueError: There is no score.
    """
    if not scores:
        raise ValueError("no scores, no mean")
    low, high = interval_from_sums(len(scores), sum(scores), sum(score * score for score in scores))
    return Interval(value=sum(scores) / len(scores), low=low, high=high)


def interval_from_sums(n: int, total: float, squares: float, *, level: float = CONFIDENCE) -> tuple[float, float]:
    """The interval of a mean of scores in [0, 1], from their sums. Needs neither numpy nor scipy.

    Wilson's for 0/1 scores, else Student's, kept within [0, 1]. One graded score, and none, give [0, 1].

    Args:
        n: The number of scores.
        total: Their sum.
        squares: The sum of their squares.
        level: The confidence.
    """
    if not n:
        return 0.0, 1.0
    mean, z = total / n, _normal_quantile((1 + level) / 2)
    if abs(total - squares) <= 1e-9 * n:  # x = x² for each score in [0, 1]: all are 0 or 1
        middle = (mean + z * z / (2 * n)) / (1 + z * z / n)
        half = z * math.sqrt(max(0.0, mean * (1 - mean) / n + z * z / (4 * n * n))) / (1 + z * z / n)
    elif n < 2:
        return 0.0, 1.0
    else:
        variance = max(0.0, squares - total * total / n) / (n - 1)
        middle, half = mean, _student_quantile(n - 1, (1 + level) / 2) * math.sqrt(variance / n)
    return max(0.0, middle - half), min(1.0, middle + half)


@cache
def _normal_quantile(probability: float) -> float:
    """Cached: a live scoreboard asks for the same one for each of thousands of candidates."""
    return NormalDist().inv_cdf(probability)


def count_flips(before: Sequence[float], after: Sequence[float]) -> tuple[int, int]:
    """(gained, lost): how many examples got better and how many got worse."""
    differences = paired_differences(before, after)
    return sum(value > EPSILON for value in differences), sum(value < -EPSILON for value in differences)


def paired_differences(before: Sequence[float], after: Sequence[float]) -> list[float]:
    """after - before, example by example. Raises ValueError if the lengths differ."""
    return [new - old for old, new in zip(before, after, strict=True)]


def is_binary(scores: Sequence[float]) -> bool:
    """Whether all scores are 0 or 1."""
    return all(min(abs(score), abs(score - 1)) <= EPSILON for score in scores)


def random_generator(seed: int, purpose: str) -> np.random.Generator:
    """The generator of one procedure. Its stream does not depend on other procedures."""
    import numpy as np

    return np.random.default_rng(seeded_random(seed, "statistics", purpose).getrandbits(64))


def resample_batches(width: int) -> list[int]:
    """How many resamples of this width to draw at a time, so that a batch stays within some megabytes."""
    size = max(1, min(RESAMPLES, _BATCH_CELLS // width))
    full, rest = divmod(RESAMPLES, size)
    return [size] * full + ([rest] if rest else [])


@cache
def _student_quantile(df: int, p: float) -> float:
    """The quantile of Student's t distribution for p > 1/2: exact for 1 and 2 degrees, else Hill's expansion (1970)."""
    tail = 2 * (1 - p)
    if df == 1:
        return 1 / math.tan(math.pi * tail / 2)
    if df == 2:
        return math.sqrt(2 / (tail * (2 - tail)) - 2)
    a = 1 / (df - 0.5)
    b = 48 / (a * a)
    c = ((20700 * a / b - 98) * a - 16) * a + 96.36
    d = ((94.5 / (b + c) - 3) / b + 1) * math.sqrt(a * math.pi / 2) * df
    y = (d * tail) ** (2 / df)
    if y > a + 0.05:
        x = NormalDist().inv_cdf(tail / 2)
        y = x * x
        if df < 5:
            c += 0.3 * (df - 4.5) * (x + 0.6)
        c += (((0.05 * d * x - 5) * x - 7) * x - 2) * x + b
        y = (((((0.4 * y + 6.3) * y + 36) * y + 94.5) / c - y - 3) / b + 1) * x
        y = a * y * y
        y = math.expm1(y)
    else:
        y = ((1 / (((df + 6) / (df * y) - 0.089 * d - 0.822) * (df + 2) * 3) + 0.5 / (df + 4)) * y - 1) * (df + 1) / (
            df + 2
        ) + 1 / y
    return math.sqrt(df * y)


def _bca_interval(values: Sequence[float], seed: int, level: float) -> Interval:
    """Bias-corrected and accelerated bootstrap of a mean difference, from at least two values in [-1, 1].

    Resamples are drawn as counts of the distinct values: the same distribution, and cheap for 0/1 scores.
    """
    import numpy as np
    from scipy.special import ndtr, ndtri, stdtrit

    array = np.asarray(values, dtype=np.float64)
    distinct, counts = np.unique(array.round(12), return_counts=True)
    point = float(array.mean())
    if distinct.size == 1:
        return Interval(value=point, low=point, high=point)
    rng = random_generator(seed, "bootstrap")
    resamples = [
        rng.multinomial(array.size, counts / array.size, size=size) for size in resample_batches(distinct.size)
    ]
    means: Floats = np.concatenate([batch @ distinct / array.size for batch in resamples])
    below = float((means < point - EPSILON * 10).mean() + (means <= point + EPSILON * 10).mean()) / 2
    bias = float(ndtri(min(max(below, 0.5 / RESAMPLES), 1 - 0.5 / RESAMPLES)))
    centred = array - point
    acceleration = float((centred**3).sum() / (6 * (centred**2).sum() ** 1.5))
    tails = (bias + float(ndtri(tail)) for tail in ((1 - level) / 2, (1 + level) / 2))
    quantiles = [float(ndtr(bias + tail / (1 - acceleration * tail))) for tail in tails]
    low, high = map(float, np.quantile(means, quantiles))
    if array.size < _SMALL_SAMPLE:
        half = float(stdtrit(array.size - 1, (1 + level) / 2) * array.std(ddof=1) / array.size**0.5)
        low, high = max(-1.0, min(low, point - half)), min(1.0, max(high, point + half))
    return Interval(value=point, low=low, high=high)
