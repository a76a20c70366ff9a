"""What commands print: tables, diffs, JSON, files. Color alone never carries meaning."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.cells import cell_len, chop_cells, set_cell_size

from ..core.errors import UsageError
from .printer import echo, echo_file, echo_json, secho

# Narrower than this a cell shows nothing useful; the line then wraps instead.
_MIN_COLUMN_WIDTH = 8
# Text that goes on below is read in lines of three words or more.
_MIN_TEXT_WIDTH = 24


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


def check_unwritten(output: Path, text: str) -> None:
    """Raises UsageError for a file that is there and holds something else."""
    try:
        same = output.read_text(encoding="utf-8") == text
    except FileNotFoundError:
        return
    except (OSError, UnicodeDecodeError):
        same = False
    if not same:
        raise UsageError(
            "the file is there already", where=str(output), remedy="choose another name, or replace it with --force"
        )


def print_table(
    rows: Sequence[Mapping[str, Any]],
    columns: Sequence[str],
    *,
    omit: Sequence[str] = (),
    wrap: Sequence[str] = (),
) -> None:
    """Left-aligned, two spaces apart. A pipe gets all; on a terminal the table is made as narrow as that is.

    The first column, which names the row, stays whole.

    Args:
        rows: one mapping a line; names that are no column are ignored.
        columns: in their order.
        omit: columns that a narrow terminal does without, the first to go first.
        wrap: columns of text, which go on below in place of being cut.
    """
    table = {name: [_format_cell(row.get(name)) for row in rows] for name in columns}
    widths = {name: max(map(cell_len, [name, *cells])) for name, cells in table.items()}
    if is_terminal():
        widths = _fit_widths(widths, _terminal_width(), omit, wrap)
    secho(_format_line(list(widths), list(widths.values())), bold=True)
    for index in range(len(rows)):
        cells = [
            _wrapped(table[name][index], width) if name in wrap else [_cut(table[name][index], width)]
            for name, width in widths.items()
        ]
        for line in range(max(map(len, cells))):
            echo(_format_line([cell[line] if line < len(cell) else "" for cell in cells], list(widths.values())))


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


def is_terminal() -> bool:
    """Whether stdout is a terminal."""
    return sys.stdout.isatty()


def is_interactive() -> bool:
    """Whether a person is at the terminal, to read and to type."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def _fit_widths(widths: Mapping[str, int], available: int, omit: Sequence[str], wrap: Sequence[str]) -> dict[str, int]:
    """The columns that fit into a terminal. Columns are omitted where the others would be too narrow to read."""
    narrow = dict(widths)
    first = next(iter(narrow))
    for name in (*omit, None):
        others = {other: width for other, width in narrow.items() if other != first}
        readable = {other: _MIN_TEXT_WIDTH if other in wrap else _MIN_COLUMN_WIDTH for other in others}
        least = sum(min(width, max(readable[other], cell_len(other))) for other, width in others.items())
        if narrow[first] + least + 2 * len(others) <= available or name is None:
            break
        narrow.pop(name, None)
    while sum(narrow.values()) + 2 * (len(narrow) - 1) > available:
        widest = max((name for name in narrow if name != first), key=narrow.__getitem__, default=first)
        if narrow[widest] <= _MIN_COLUMN_WIDTH:
            break
        narrow[widest] -= 1
    return narrow


def _format_line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (cell + " " * (width - cell_len(cell)) for cell, width in zip(cells, widths, strict=True))
    return "  ".join(padded).rstrip()


def _cut(cell: str, width: int) -> str:
    return cell if cell_len(cell) <= width else f"{set_cell_size(cell, width - 1).rstrip()}…"


def _wrapped(cell: str, width: int) -> list[str]:
    """The cell in lines of at most this width, broken between words where there are any."""
    lines = [""]
    for word in cell.split(" "):
        longer = f"{lines[-1]} {word}".lstrip()
        if cell_len(longer) <= width:
            lines[-1] = longer
            continue
        *full, rest = chop_cells(word, width) or [""]
        lines += [*full, rest]
    return [line for line in lines if line] or [""]


def _format_cell(value: Any) -> str:
    return "" if value is None else " ".join(str(value).split())


def _terminal_width() -> int:
    import shutil

    return shutil.get_terminal_size((100, 24)).columns
