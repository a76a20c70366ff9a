"""Calibrates a judge model's ratings to the labels of people."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Literal

from ...core.errors import UsageError

CalibrationFit = Literal["isotonic", "linear"]
_MIN_PAIRS = 4


class JudgeCalibration:
    """A monotonic map of [0, 1] into itself, fitted with the least squared error.

    isotonic: interpolated between monotonic steps. linear: a straight line, clipped to [0, 1].
    """

    def __init__(self, knots: Sequence[tuple[float, float]]) -> None:
        """knots: (rating, label) by rating, at least one; the map is constant beyond the ends."""
        self.knots = tuple(knots)

    @classmethod
    def fit(cls, pairs: Sequence[tuple[float, float]], kind: CalibrationFit = "isotonic") -> JudgeCalibration:
        """Fit pairs of (rating, label), both in [0, 1].

        Raises UsageError for fewer than four pairs, and for ratings that do not rise with the labels.
        """
        if len(pairs) < _MIN_PAIRS:
            raise _calibration_error(
                f"{len(pairs)} labeled ratings are too few to calibrate a judge", f"{_MIN_PAIRS} or more"
            )
        ordered = sorted(pairs)
        knots = _fit_isotonic(ordered) if kind == "isotonic" else _fit_linear(ordered)
        if len(ordered) and knots[0][1] == knots[-1][1] and len({label for _, label in pairs}) > 1:
            raise _calibration_error(
                "the judge's ratings do not rise with the labels", "another rubric, or another judge"
            )
        return cls(knots)

    def __call__(self, rating: float) -> float:
        if rating <= self.knots[0][0]:
            return self.knots[0][1]
        for (left, low), (right, high) in pairwise(self.knots):
            if rating <= right:
                return low + (high - low) * (rating - left) / (right - left)
        return self.knots[-1][1]


def parse_pairs(option: Sequence[Any]) -> list[tuple[float, float]]:
    """The option `calibration` as pairs. Raises UsageError for an item that is not two numbers in [0, 1]."""
    pairs: list[tuple[float, float]] = []
    for number, pair in enumerate(option, 1):
        values = list(pair) if isinstance(pair, list | tuple) else []
        if len(values) != 2 or not all(_in_unit_interval(value) for value in values):
            raise _calibration_error(f"calibration pair {number} is {pair!r:.60}", "[rating, label], both from 0 to 1")
        pairs.append((float(values[0]), float(values[1])))
    return pairs


def _in_unit_interval(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1


def _fit_isotonic(ordered: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    from scipy.optimize import isotonic_regression

    ratings = sorted({rating for rating, _ in ordered})
    groups = [[label for rating, label in ordered if rating == group_rating] for group_rating in ratings]
    means = [sum(group) / len(group) for group in groups]
    fitted = isotonic_regression(means, weights=[len(group) for group in groups]).x
    return list(zip(ratings, (float(value) for value in fitted), strict=True))


def _fit_linear(ordered: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    n = len(ordered)
    mean_rating, mean_label = sum(rating for rating, _ in ordered) / n, sum(label for _, label in ordered) / n
    variance = sum((rating - mean_rating) ** 2 for rating, _ in ordered)
    covariance = sum((rating - mean_rating) * (label - mean_label) for rating, label in ordered)
    slope = max(0.0, covariance / variance) if variance else 0.0
    steps = 50  # a clipped line as knots: fine enough that interpolation moves no rating by more than 0.01
    line = [mean_label + slope * (step / steps - mean_rating) for step in range(steps + 1)]
    return [(step / steps, min(1.0, max(0.0, label))) for step, label in enumerate(line)]


def _calibration_error(what: str, possible: str) -> UsageError:
    return UsageError(what, where="calibration", possible=(possible,), remedy="label some of the judge's outputs")
