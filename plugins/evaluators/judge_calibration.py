"""From a judge's ratings to what people would have said, fitted on rows that people labelled."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Literal

from ...core.errors import UsageError

CalibrationFit = Literal["isotonic", "linear"]
_MIN_PAIRS = 4


class JudgeCalibration:
    """A never falling map of [0, 1] into itself.

    isotonic: the never falling steps with the least squared error, straight in between. linear: the straight line
    with the least squared error, cut off at 0 and 1.
    """

    def __init__(self, knots: Sequence[tuple[float, float]]) -> None:
        """knots: (rating, label) in the order of the ratings, at least one; beyond the ends the map is flat."""
        self.knots = tuple(knots)

    @classmethod
    def fit(cls, pairs: Sequence[tuple[float, float]], kind: CalibrationFit = "isotonic") -> JudgeCalibration:
        """From (rating, label) of the same outputs, both in [0, 1], in any order. Raises UsageError for fewer than
        four, or for ratings that fall where labels rise: such a judge cannot be put right."""
        if len(pairs) < _MIN_PAIRS:
            raise _calibration_error(
                f"{len(pairs)} labelled ratings are too few to calibrate a judge", f"{_MIN_PAIRS} or more"
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


def parse_pairs(given: Sequence[Any]) -> list[tuple[float, float]]:
    """The option `calibration` as pairs. Raises UsageError for what are no two numbers in [0, 1]."""
    pairs: list[tuple[float, float]] = []
    for number, one in enumerate(given, 1):
        values = list(one) if isinstance(one, list | tuple) else []
        if len(values) != 2 or not all(_in_unit_interval(value) for value in values):
            raise _calibration_error(f"calibration pair {number} is {one!r:.60}", "[rating, label], both from 0 to 1")
        pairs.append((float(values[0]), float(values[1])))
    return pairs


def _in_unit_interval(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1


def _fit_isotonic(ordered: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    from scipy.optimize import isotonic_regression

    ratings = sorted({rating for rating, _ in ordered})
    groups = [[label for rating, label in ordered if rating == one] for one in ratings]
    means = [sum(group) / len(group) for group in groups]
    fitted = isotonic_regression(means, weights=[len(group) for group in groups]).x
    return list(zip(ratings, (float(value) for value in fitted), strict=True))


def _fit_linear(ordered: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    n = len(ordered)
    at, to = sum(rating for rating, _ in ordered) / n, sum(label for _, label in ordered) / n
    spread = sum((rating - at) ** 2 for rating, _ in ordered)
    slope = max(0.0, sum((rating - at) * (label - to) for rating, label in ordered) / spread) if spread else 0.0
    steps = 50
    return [(one / steps, min(1.0, max(0.0, to + slope * (one / steps - at)))) for one in range(steps + 1)]


def _calibration_error(what: str, possible: str) -> UsageError:
    return UsageError(what, where="calibration", possible=(possible,), remedy="label some of the judge's outputs")
