"""Tables and diffs on the screen. Nothing means anything by colour alone."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

import typer


def print_table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
    """Left-aligned, two spaces apart. On a terminal the longest cells are cut to its width; a pipe gets all."""
    cells = [[_format_cell(row.get(column)) for column in columns] for row in rows]
    widths = [max(len(column), *(len(row[i]) for row in cells), 0) for i, column in enumerate(columns)]
    if sys.stdout.isatty():
        widths = _shrink_widths(widths, _terminal_width())
    typer.secho(_format_line(columns, widths), bold=True)
    for row in cells:
        typer.echo(_format_line(row, widths))


def print_diff(lines: Sequence[str]) -> None:
    colours = {"+": "green", "-": "red", "@": "cyan"}
    for line in lines:
        typer.secho(line, fg=colours.get(line[:1]))


def _shrink_widths(widths: list[int], room: int) -> list[int]:
    """Take from the widest column until the line fits or nothing is left to take."""
    narrow = list(widths)
    while sum(narrow) + 2 * (len(narrow) - 1) > room and max(narrow) > 8:
        narrow[narrow.index(max(narrow))] -= 1
    return narrow


def _format_line(cells: Sequence[str], widths: Sequence[int]) -> str:
    fitted = [
        cell if len(cell) <= width else f"{cell[: width - 1]}…" for cell, width in zip(cells, widths, strict=True)
    ]
    return "  ".join(cell.ljust(width) for cell, width in zip(fitted, widths, strict=True)).rstrip()


def _format_cell(value: Any) -> str:
    return "" if value is None else " ".join(str(value).split())


def _terminal_width() -> int:
    import shutil

    return shutil.get_terminal_size((100, 24)).columns
