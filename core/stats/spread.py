"""The spread of several treatments of the same examples: formats, wordings, positions. Pure and seeded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict

from .intervals import CONFIDENCE, EPSILON, Interval, paired_difference, random_generator

# One less than a round number: the observed spread counts as a permutation.
_PERMUTATIONS = 1_999


class Spread(BaseModel):
    """How far the best and the worst of k treatments lie apart.

    Attributes:
        spread: max - min of the means, with an interval that allows for having picked the extremes.
        expected: The spread that luck alone gives on these examples.
        p: The probability of a spread at least this large where treatments make no difference.
        best: The position of the best treatment, the first of equal ones.
        worst: The position of the worst treatment, the first of equal ones.
        means: The mean score of each treatment.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    spread: Interval
    expected: float
    p: float
    best: int
    worst: int
    means: tuple[float, ...]


def paired_spread(scores: Sequence[Sequence[float]], *, seed: int) -> Spread:
    """The spread of treatments that were all measured on the same examples.

    The p-value permutes the treatments within each example, which is exact if they make no difference. The interval is
    that of the difference between best and worst at the level 1 - 0.05 / (number of pairs) (Bonferroni), so it holds
    for every pair at once, the picked one too.

    Args:
        scores: One row per treatment, one column per example, in [0, 1]; 2 rows and 1 column or more.
        seed: Of the permutations and the bootstrap.

    Raises:
        ValueError: There are fewer rows, no column, or rows of different lengths.
    """
    import numpy as np

    if len(scores) < 2 or not scores[0] or len({len(row) for row in scores}) > 1:
        raise ValueError("a spread takes two treatments or more, of the same examples")
    matrix = np.asarray(scores, dtype=np.float64)
    means = matrix.mean(axis=1)
    best, worst = int(means.argmax()), int(means.argmin())
    observed = float(means[best] - means[worst])
    if observed <= EPSILON:
        still = Interval(value=0.0, low=0.0, high=0.0)
        return Spread(spread=still, expected=0.0, p=1.0, best=best, worst=worst, means=tuple(map(float, means)))
    rng = random_generator(seed, "spread")
    columns: Any = matrix.T
    permuted = [np.ptp(rng.permuted(columns, axis=1).mean(axis=0)) for _ in range(_PERMUTATIONS)]
    hits = sum(value >= observed - EPSILON for value in permuted)
    pairs = len(scores) * (len(scores) - 1) / 2
    interval = paired_difference(scores[worst], scores[best], seed=seed, level=1 - (1 - CONFIDENCE) / pairs)
    return Spread(
        spread=Interval(value=observed, low=max(0.0, interval.low), high=interval.high),
        expected=float(np.mean(permuted)),
        p=(hits + 1) / (_PERMUTATIONS + 1),
        best=best,
        worst=worst,
        means=tuple(map(float, means)),
    )


def variance_component(scores: Sequence[Sequence[float]]) -> float:
    """The variance between treatments of the same examples, freed of what luck adds; 0 or more.

    The method of moments of the two-way layout without interaction: (MS between - MS residual) / n.

    Args:
        scores: One row per treatment, one column per example.

    Returns:
        0 for fewer than two treatments or examples.
    """
    import numpy as np

    matrix = np.asarray(scores, dtype=np.float64)
    if matrix.ndim != 2 or min(matrix.shape) < 2:
        return 0.0
    k, n = matrix.shape
    grand = matrix.mean()
    rows, columns = matrix.mean(axis=1), matrix.mean(axis=0)
    between = n * float(((rows - grand) ** 2).sum()) / (k - 1)
    residual = float(((matrix - rows[:, None] - columns[None, :] + grand) ** 2).sum()) / ((k - 1) * (n - 1))
    return max(0.0, float((between - residual) / n))
