"""What commands print: tables, diffs, JSON, files. Color alone never carries meaning."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..core.errors import UsageError
from .printer import echo, echo_file, echo_json, secho

# Narrower than this a cell shows nothing useful; the line then wraps instead.
_MIN_COLUMN_WIDTH = 8


def print_json(value: Any) -> None:
    echo_json(value, indent=2)


def write_or_print(text: str, output: Path | None, *, is_json: bool = False, exact: bool = False) -> None:
    """Write to the file if one is given, else to stdout as `printer.echo_file` does.

    Raises UsageError if it cannot write the file.
    """
    if output is None:
        echo_file(text, is_json=is_json, exact=exact)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot write the file: {error.strerror or error}", where=str(output)) from error
    echo(f"wrote {output}", err=True)


def print_table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
    """Left-aligned, two spaces apart. On a terminal the longest cells are cut to its width; a pipe gets all."""
    cells = [[_format_cell(row.get(column)) for column in columns] for row in rows]
    widths = [max(len(column), *(len(row[i]) for row in cells), 0) for i, column in enumerate(columns)]
    if sys.stdout.isatty():
        widths = _shrink_widths(widths, _terminal_width())
    secho(_format_line(columns, widths), bold=True)
    for row in cells:
        echo(_format_line(row, widths))


def print_diff(lines: Sequence[str]) -> None:
    colors = {"+": "green", "-": "red", "@": "cyan"}
    for line in lines:
        secho(line, fg=colors.get(line[:1]))


def format_score(score: float | None) -> str:
    return "" if score is None else f"{score:.2f}"


def truncate(text: str, width: int) -> str:
    """The text on one line, cut to the width with an ellipsis."""
    line = " ".join(text.split())
    return line if len(line) <= width else f"{line[: width - 1]}…"


def is_interactive() -> bool:
    """Whether a person is at the terminal, to read and to type."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def _shrink_widths(widths: list[int], available: int) -> list[int]:
    """Shrink the widest column until the line fits or no column can shrink further."""
    narrow = list(widths)
    while sum(narrow) + 2 * (len(narrow) - 1) > available and max(narrow) > _MIN_COLUMN_WIDTH:
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
