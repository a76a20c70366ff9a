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
        text = "no score yet" if not points else f"best {points[-1].score:.2f} after {calls} calls"
        return [((fit(text, width, ellipsis="~" if ascii_only else "…").rstrip(), "dim"),)]
    rows, columns = height - 1, width - 6
    low, high = _axis_range([point.score for point in points])
    last_call = max(calls, points[-1].calls, 1)
    values = _values_by_column(points, last_call, columns)
    draw = _draw_ascii if ascii_only else _draw_boxes
    lines: list[Line] = []
    for row, text in enumerate(draw(values, low, high, columns, rows)):
        labelled = row in (0, rows - 1, rows // 2)
        label = f"{abs(high - (high - low) * row / max(1, rows - 1)):.2f}" if labelled else ""
        lines.append(((f"{label:>4} ", "dim"), ("|" if ascii_only else "┤", "dim"), (text, "accent")))
    end = f"{last_call:,} calls"
    lines.append(((f"{'':5}0{end:>{max(0, columns)}}"[:width], "dim"),))
    return lines


def _axis_range(scores: Sequence[float]) -> tuple[float, float]:
    """Within [0, 1], and wide enough that noise does not look like a gain."""
    low, high = min(scores), max(scores)
    pad = max(0.02, (high - low) * 0.15)
    return max(0.0, low - pad), min(1.0, high + pad)


def _values_by_column(points: Sequence[CurvePoint], last_call: int, columns: int) -> list[float | None]:
    """The best score at each column."""
    values: list[float | None] = []
    index, current = 0, None
    for column in range(columns):
        calls = (column + 1) * last_call / columns
        while index < len(points) and points[index].calls <= calls:
            current = points[index].score
            index += 1
        values.append(current)
    return values


def _row_of(value: float, low: float, high: float, rows: int) -> int:
    share = (value - low) / (high - low) if high > low else 0.5
    return min(rows - 1, max(0, round((1 - share) * (rows - 1))))


def _draw_boxes(values: Sequence[float | None], low: float, high: float, columns: int, rows: int) -> list[str]:
    """A line of steps; where it rises or falls, corners join the two levels."""
    grid = [[" "] * columns for _ in range(rows)]
    before: int | None = None
    for x, value in enumerate(values):
        if value is None:
            continue
        y = _row_of(value, low, high, rows)
        if before is None or before == y:
            grid[y][x] = "─"
        else:
            grid[before][x], grid[y][x] = ("╯", "╭") if y < before else ("╮", "╰")
            for between in range(min(y, before) + 1, max(y, before)):
                grid[between][x] = "│"
        before = y
    return ["".join(row) for row in grid]


def _draw_ascii(values: Sequence[float | None], low: float, high: float, columns: int, rows: int) -> list[str]:
    grid = [[" "] * columns for _ in range(rows)]
    for x, value in enumerate(values):
        if value is not None:
            grid[_row_of(value, low, high, rows)][x] = "*"
    return ["".join(row) for row in grid]
