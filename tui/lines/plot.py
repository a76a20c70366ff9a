"""The best score over calls, drawn with boxes or in ASCII."""

from __future__ import annotations

from collections.abc import Sequence

from ...runtime.monitor.run_timeline import CurvePoint
from ..format.text import Line, fit


def score_plot(
    points: Sequence[CurvePoint], calls: int, width: int, height: int, *, ascii_only: bool = False
) -> list[Line]:
    """At most `height` lines of at most `width` cells; words where there is nothing to draw yet."""
    if not points or width < 16 or height < 3:
        word = "no score yet" if not points else f"best {points[-1].score:.2f} after {calls} calls"
        return [((fit(word, width, ellipsis="~" if ascii_only else "…").rstrip(), "dim"),)]
    rows, columns = height - 1, width - 6
    low, high = _axis_range([one.score for one in points])
    most = max(calls, points[-1].calls, 1)
    steps = _values_by_column(points, most, columns)
    draw = _draw_ascii if ascii_only else _draw_boxes
    body = draw(steps, low, high, columns, rows)
    lines: list[Line] = []
    for at, text in enumerate(body):
        label = f"{abs(high - (high - low) * at / max(1, rows - 1)):.2f}" if at in (0, rows - 1, rows // 2) else ""
        lines.append(((f"{label:>4} ", "dim"), ("|" if ascii_only else "┤", "dim"), (text, "accent")))
    end = f"{most:,} calls"
    lines.append(((f"{'':5}0{end:>{max(0, columns - 0)}}"[:width], "dim"),))
    return lines


def _axis_range(scores: Sequence[float]) -> tuple[float, float]:
    """A range that never flattens a small gain nor leaves [0, 1]."""
    low, high = min(scores), max(scores)
    pad = max(0.02, (high - low) * 0.15)
    return max(0.0, low - pad), min(1.0, high + pad)


def _values_by_column(points: Sequence[CurvePoint], most: int, columns: int) -> list[float | None]:
    """The score that held at each column."""
    held: list[float | None] = []
    at, now = 0, None
    for column in range(columns):
        calls = (column + 1) * most / columns
        while at < len(points) and points[at].calls <= calls:
            now = points[at].score
            at += 1
        held.append(now)
    return held


def _row_of(value: float, low: float, high: float, levels: int) -> int:
    share = (value - low) / (high - low) if high > low else 0.5
    return min(levels - 1, max(0, round((1 - share) * (levels - 1))))


def _draw_boxes(steps: Sequence[float | None], low: float, high: float, columns: int, rows: int) -> list[str]:
    """A line of steps; where it rises or falls, corners join the two levels."""
    grid = [[" "] * columns for _ in range(rows)]
    before: int | None = None
    for x, value in enumerate(steps):
        if value is None:
            continue
        y = _row_of(value, low, high, rows)
        if before is None or before == y:
            grid[y][x] = "─"
        else:
            up = y < before
            grid[before][x], grid[y][x] = ("╯", "╭") if up else ("╮", "╰")
            for between in range(min(y, before) + 1, max(y, before)):
                grid[between][x] = "│"
        before = y
    return ["".join(row) for row in grid]


def _draw_ascii(steps: Sequence[float | None], low: float, high: float, columns: int, rows: int) -> list[str]:
    grid = [[" "] * columns for _ in range(rows)]
    for x, value in enumerate(steps):
        if value is not None:
            grid[_row_of(value, low, high, rows)][x] = "*"
    return ["".join(row) for row in grid]
