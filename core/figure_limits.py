"""Limits on figures of measures, such as `spread<=0.1,flips<=0.02`: whether a prompt may be deployed."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from .errors import UsageError
from .measures import Reading

_LIMIT = re.compile(r"\s*(?:(?P<measure>[\w-]+)\.(?!\d))?(?P<figure>[\w -]+?)\s*(?P<sign><=|>=)\s*(?P<bound>\S+)\s*")


@dataclass(frozen=True, kw_only=True)
class FigureLimit:
    """The most, or the least, that a figure may be.

    Attributes:
        figure: The figure's name.
        measure: The measure that it is of; empty for any.
        sign: `<=` or `>=`.
        bound: The limit.
    """

    figure: str
    sign: Literal["<=", ">="]
    bound: float
    measure: str = ""

    def __str__(self) -> str:
        return f"{self.measure}{'.' if self.measure else ''}{self.figure}{self.sign}{self.bound:g}"

    def holds(self, value: float) -> bool:
        return value <= self.bound if self.sign == "<=" else value >= self.bound


def parse_limits(text: str) -> tuple[FigureLimit, ...]:
    """Limits separated by commas. Raises UsageError for one that cannot be read."""
    limits = []
    for part in text.split(","):
        match = _LIMIT.fullmatch(part)
        try:
            bound = float(match["bound"]) if match else math.nan
        except ValueError:
            bound = math.nan
        if match is None or not math.isfinite(bound):
            raise UsageError(
                f"{part.strip()!r} is no limit on a figure",
                where="--guard",
                possible=("FIGURE<=NUMBER", "FIGURE>=NUMBER", "MEASURE.FIGURE<=NUMBER"),
                remedy="write for example --guard 'spread<=0.1,flips<=0.02'",
            )
        sign: Literal["<=", ">="] = "<=" if match["sign"] == "<=" else ">="
        limits.append(FigureLimit(figure=match["figure"], sign=sign, bound=bound, measure=match["measure"] or ""))
    return tuple(limits)


def limits_broken(limits: Sequence[FigureLimit], readings: Mapping[str, Reading]) -> list[str]:
    """One line for each limit that a figure is beyond.

    Args:
        limits: The limits.
        readings: Measure → what it found.

    Raises:
        UsageError: No measure has the figure: a limit that nothing was compared with is no limit.
    """
    lines = []
    for limit in limits:
        figures = [
            (measure, figure)
            for measure, reading in readings.items()
            for figure in reading.figures
            if figure.name == limit.figure and limit.measure in ("", measure)
        ]
        if not figures:
            raise UsageError(
                f"no measure that was run has the figure of {str(limit)!r}",
                where="--guard",
                possible=[
                    f"{measure}.{figure.name}" for measure, reading in readings.items() for figure in reading.figures
                ],
                remedy="name the measure that has it, or another figure; what was measured is kept",
            )
        lines += [
            f"{measure}: {figure.name} is {figure.value:.3g}, and {limit} was asked for"
            for measure, figure in figures
            if not limit.holds(figure.value)
        ]
    return lines
