"""A row of a data file with its place, and the errors that every reader shares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...core.errors import TaskError


@dataclass(frozen=True, kw_only=True)
class SourceRow:
    """One row of a data file.

    where: its file and line. notes: what a person should know of the file; on its first row.
    """

    fields: Mapping[str, Any]
    where: str
    notes: tuple[str, ...] = ()


def table_header(cells: list[str], where: str) -> list[str]:
    """The column names; raises TaskError for one that stands twice."""
    header = [cell.strip() for cell in cells]
    twice = sorted({name for name in header if name and header.count(name) > 1})
    if twice:
        raise TaskError(f"the header names {twice[0]!r} twice", where=where, possible=header)
    return header


def read_error(path: Path, error: OSError) -> TaskError:
    """A file that is not there, with those beside it, or cannot be read."""
    if isinstance(error, FileNotFoundError):
        folder = path.parent
        near = sorted(file.name for file in folder.iterdir() if file.is_file())[:12] if folder.is_dir() else []
        return TaskError(f"there is no file {path.name}", where=str(path), possible=near, remedy="correct the path")
    return TaskError(f"the file cannot be read: {error.strerror or error}", where=str(path))
