"""What a difference between two prompts is worth. Pure and seeded; numpy and scipy load at the first use.

Scores are in [0, 1] and paired by row; `before` and `after` are two prompts on the same rows, and a positive
difference means that `after` is better.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field

from ..identity import seeded_random

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

Verdict = Literal["improved", "no evidence of improvement", "worse"]
Test = Literal["exact McNemar", "exact sign-flip permutation", "sign-flip permutation"]

CONFIDENCE = 0.95
_RESAMPLES = 9_999
_EXACT_UP_TO = 16
_SMALL_SAMPLE = 20
_BATCH_CELLS = 2_000_000
_EPSILON = 1e-12


class Interval(BaseModel):
    """A value and the bounds around it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    value: float
    low: float
    high: float

    @property
    def excludes_zero(self) -> bool:
        return self.low > 0 or self.high < 0


class Difference(Interval):
    """A paired difference with the test that belongs to its kind of score."""

    p: float = Field(ge=0, le=1)
    test: Test


class NoiseFloor(BaseModel):
    """What one prompt measured twice on the same rows shows of chance.

    difference: second mean minus first. changed: share of rows with another score. floor: a difference of two
    means on as many rows stays within ± this in 95 % of cases, from the sampling of the model alone.
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
    if _binary(before) and _binary(after):
        return Difference(**interval.model_dump(), p=mcnemar_p_value(*count_flips(before, after)), test="exact McNemar")
    differences = _differences(before, after)
    exact = sum(abs(one) > _EPSILON for one in differences) <= _EXACT_UP_TO
    test: Test = "exact sign-flip permutation" if exact else "sign-flip permutation"
    return Difference(**interval.model_dump(), p=permutation_p_value(differences, seed), test=test)


def paired_difference(
    before: Sequence[float], after: Sequence[float], *, seed: int, level: float = CONFIDENCE
) -> Interval:
    """mean(after - before) with a BCa bootstrap interval over the rows.

    For 0/1 scores BCa is too narrow where few rows flip, so the interval is widened to hold the exact conditional
    one (Clopper-Pearson on the share of flips that gained): it excludes zero only where exact McNemar rejects.
    Below 20 rows it also holds Student's interval; fewer than two rows give [-1, 1]. Equal graded differences, or
    no flip at all, give the point itself: the rows hold no variation to resample, which is no proof of certainty.
    Raises ValueError for unequal lengths.
    """
    differences = _differences(before, after)
    n = len(differences)
    if n < 2:
        return Interval(value=sum(differences), low=-1.0, high=1.0)
    interval = _bca_interval(differences, seed, level, least=-1.0)
    gained, lost = count_flips(before, after)
    if gained + lost == 0 or not (_binary(before) and _binary(after)):
        return interval
    from scipy.stats import binomtest

    share = binomtest(gained, gained + lost).proportion_ci(level, method="exact")
    low, high = ((2 * float(bound) - 1) * (gained + lost) / n for bound in (share.low, share.high))
    return Interval(value=interval.value, low=min(interval.low, low), high=max(interval.high, high))


def mcnemar_p_value(wins: int, losses: int) -> float:
    """Two-sided p of the exact McNemar test; 1 where nothing flipped."""
    if wins + losses == 0:
        return 1.0
    from scipy.stats import binomtest

    return float(binomtest(wins, wins + losses).pvalue)


def permutation_p_value(differences: Sequence[float], seed: int) -> float:
    """Two-sided p of the sign-flip permutation test on the mean.

    Exact with up to 16 differences that are not zero; beyond, 9,999 seeded draws with the observed one counted in.
    """
    import numpy as np

    values = np.asarray([one for one in differences if abs(one) > _EPSILON], dtype=np.float64)
    if values.size == 0:
        return 1.0
    observed = abs(float(values.sum())) - _EPSILON * values.size
    if values.size <= _EXACT_UP_TO:
        signs = 1 - 2 * ((np.arange(2**values.size)[:, None] >> np.arange(values.size)) & 1)
        return float((np.abs(signs @ values) >= observed).mean())
    rng, hits = _generator(seed, "permutation"), 0
    for draws in _batches(values.size):
        signs = 1 - 2 * rng.integers(0, 2, size=(draws, values.size), dtype=np.int8)
        hits += int((np.abs(signs @ values) >= observed).sum())
    return (hits + 1) / (_RESAMPLES + 1)


def mean_interval(scores: Sequence[float], *, seed: int = 0, level: float = CONFIDENCE) -> Interval:
    """The mean with a Wilson interval for 0/1 scores, else a BCa one, below 20 rows with Student's in it.

    One graded score, whatever it is, says nothing of its spread: [0, 1]. Raises ValueError for no score at all.
    """
    if not scores:
        raise ValueError("no scores, no mean")
    if _binary(scores):
        from scipy.stats import binomtest

        right = sum(score > _EPSILON for score in scores)
        bounds = binomtest(right, len(scores)).proportion_ci(level, method="wilson")
        return Interval(value=right / len(scores), low=float(bounds.low), high=float(bounds.high))
    if len(scores) < 2:
        return Interval(value=scores[0], low=0.0, high=1.0)
    return _bca_interval(scores, seed, level, least=0.0)


def count_flips(before: Sequence[float], after: Sequence[float]) -> tuple[int, int]:
    """(gained, lost): rows that got better and rows that got worse."""
    differences = _differences(before, after)
    return sum(one > _EPSILON for one in differences), sum(one < -_EPSILON for one in differences)


def verdict(interval: Interval, p: float, *, level: float = CONFIDENCE) -> Verdict:
    """A claim in either direction needs both: an interval that excludes zero and p below 1 - level."""
    if not interval.excludes_zero or p >= round(1 - level, 12):
        return "no evidence of improvement"
    return "improved" if interval.low > 0 else "worse"


def holm(ps: Sequence[float]) -> list[float]:
    """Holm's adjusted p-values in the order of `ps`: below .05 together keeps the family's error below .05."""
    adjusted, least = [0.0] * len(ps), 0.0
    for rank, index in enumerate(sorted(range(len(ps)), key=lambda one: ps[one])):
        least = max(least, min(1.0, ps[index] * (len(ps) - rank)))
        adjusted[index] = least
    return adjusted


def noise_floor(first: Sequence[float], second: Sequence[float]) -> NoiseFloor:
    """From one prompt measured twice on the same rows, which must be at least one."""
    differences = _differences(first, second)
    n = len(differences)
    spread = (sum(one * one for one in differences) / n) ** 0.5
    changed = sum(count_flips(first, second)) / n
    return NoiseFloor(difference=sum(differences) / n, changed=changed, floor=1.96 * spread / n**0.5, n=n)


def _differences(before: Sequence[float], after: Sequence[float]) -> list[float]:
    return [new - old for old, new in zip(before, after, strict=True)]


def _binary(scores: Sequence[float]) -> bool:
    return all(min(abs(score), abs(score - 1)) <= _EPSILON for score in scores)


def _bca_interval(values: Sequence[float], seed: int, level: float, *, least: float) -> Interval:
    """Bias-corrected and accelerated bootstrap of a mean, from at least two values in [least, 1].

    Resamples are drawn as counts of the distinct values: the same distribution, and cheap for 0/1 scores.
    """
    import numpy as np
    from scipy.special import ndtr, ndtri, stdtrit

    array = np.asarray(values, dtype=np.float64)
    distinct, counts = np.unique(array.round(12), return_counts=True)
    point = float(array.mean())
    if distinct.size == 1:
        return Interval(value=point, low=point, high=point)
    rng = _generator(seed, "bootstrap")
    drawn = [rng.multinomial(array.size, counts / array.size, size=draws) for draws in _batches(distinct.size)]
    means: Floats = np.concatenate([part @ distinct / array.size for part in drawn])
    below = float((means < point - _EPSILON * 10).mean() + (means <= point + _EPSILON * 10).mean()) / 2
    bias = float(ndtri(min(max(below, 0.5 / _RESAMPLES), 1 - 0.5 / _RESAMPLES)))
    centred = array - point
    pull = float((centred**3).sum() / (6 * (centred**2).sum() ** 1.5))
    tails = (bias + float(ndtri(tail)) for tail in ((1 - level) / 2, (1 + level) / 2))
    low, high = map(float, np.quantile(means, [float(ndtr(bias + tail / (1 - pull * tail))) for tail in tails]))
    if array.size < _SMALL_SAMPLE:
        reach = float(stdtrit(array.size - 1, (1 + level) / 2) * array.std(ddof=1) / array.size**0.5)
        low, high = max(least, min(low, point - reach)), min(1.0, max(high, point + reach))
    return Interval(value=point, low=low, high=high)


def _generator(seed: int, purpose: str) -> np.random.Generator:
    import numpy as np

    return np.random.default_rng(seeded_random(seed, "statistics", purpose).getrandbits(64))


def _batches(width: int) -> list[int]:
    """How many resamples at a time, so that a batch of this width stays within some megabytes."""
    size = max(1, min(_RESAMPLES, _BATCH_CELLS // width))
    full, rest = divmod(_RESAMPLES, size)
    return [size] * full + ([rest] if rest else [])
