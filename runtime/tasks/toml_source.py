"""A parsed TOML file that knows the line of each key, for error messages."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from ...core.error_messages import did_you_mean
from ...core.errors import TaskError, UsageError
from .rows import read_text

_HEADER = re.compile(r"\s*(\[\[?)\s*([^\]]+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"""\s*(?:"([^"]+)"|'([^']+)'|([A-Za-z0-9_.-]+))\s*=""")
_LOCATION = re.compile(r"(?::| row )\d+$")
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class TomlSource:
    """A parsed task file. Errors from `error` and `wrap_errors` name the file and the line."""

    path: Path
    tables: Mapping[str, Any]
    lines: Mapping[tuple[str | int, ...], int]

    @classmethod
    def read(cls, path: Path) -> TomlSource:
        text = read_text(path)
        try:
            tables = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            location = re.search(r"\(at line (\d+), column \d+\)", str(error))
            raise TaskError(
                f"the task file is not valid TOML: {re.sub(r' *[(]at .*[)]', '', str(error))}",
                where=f"{path}:{location[1]}" if location else str(path),
                remedy="correct the line; put texts in double quotes, and long ones in three of them",
            ) from error
        return cls(path=path, tables=tables, lines=_key_lines(text))

    @property
    def folder(self) -> Path:
        return self.path.parent

    def where(self, *keys: str | int) -> str:
        """`task.toml:12 [evaluators] 1 weight`, with the line of the nearest key that is in the file."""
        line = next((n for end in range(len(keys), 0, -1) if (n := self.lines.get(keys[:end]))), None)
        place = f"{self.path}:{line}" if line else str(self.path)
        key_path = " ".join(str(key + 1) if isinstance(key, int) else key for key in keys[1:])
        table = f"[{keys[0]}] {key_path}" if key_path else f"{keys[0]}" if keys else ""
        return f"{place} {table}".strip()

    def error(self, what: str, *keys: str | int, possible: Iterable[str] = (), remedy: str | None = None) -> TaskError:
        return TaskError(what, where=self.where(*keys), possible=tuple(possible), remedy=remedy)

    def check_keys(self, table: Mapping[str, Any], known: Iterable[str], *keys: str | int) -> None:
        """Raises TaskError for the first unknown key, with the closest match."""
        names = sorted(known)
        for key in table:
            if key not in names:
                raise self.error(f"unknown key {key!r}", *keys, key, possible=names, remedy=did_you_mean(key, names))

    def table(self, value: Any, *keys: str | int) -> Mapping[str, Any]:
        if not isinstance(value, dict):
            raise self.error(f"{keys[-1]} must be a table, this is {value!r:.60}", *keys, remedy=f"write [{keys[0]}]")
        return value

    def wrap_errors(self, make: Callable[[], T], *keys: str | int, known: Iterable[str] = ()) -> T:
        """Call `make` and convert its errors to one TaskError with file, line and field."""
        try:
            return make()
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            path = tuple(part for part in first["loc"] if isinstance(part, str | int))
            where = (*keys, *path)
            name = ".".join(str(part + 1 if isinstance(part, int) else part) for part in where) or "the task"
            if first["type"] == "extra_forbidden":
                raise self.error(
                    f"unknown key {str(path[-1])!r}",
                    *where,
                    possible=known,
                    remedy=did_you_mean(str(path[-1]), list(known)),
                ) from error
            context = first.get("ctx") or {}
            possible = [str(context["expected"])] if "expected" in context else []
            suffix = f" (it is {first['input']!r:.60})" if first["type"] != "missing" else ""
            raise self.error(
                f"{name}: {_lower_first(first['msg'])}{suffix}",
                *where,
                possible=possible,
                remedy="correct the value" if suffix else "add the key",
            ) from error
        except UsageError as error:
            if error.where and (str(self.path) in error.where or _LOCATION.search(error.where)):
                raise
            detail = f"{self.where(*keys)}: {error.where}" if error.where else self.where(*keys)
            raise TaskError(error.what, where=detail, possible=error.possible, remedy=error.remedy) from error


def _lower_first(message: str) -> str:
    return message[:1].lower() + message[1:]


def _key_lines(text: str) -> dict[tuple[str | int, ...], int]:
    """Key path → line, for keys at the start of a line; good enough for error messages."""
    lines: dict[tuple[str | int, ...], int] = {}
    counts: dict[str, int] = {}
    table: tuple[str | int, ...] = ()
    for number, line in enumerate(text.split("\n"), 1):
        if header := _HEADER.match(line):
            names = tuple(part.strip().strip("\"'") for part in header[2].split("."))
            if header[1] == "[[":
                index = counts.get(header[2], 0)
                counts[header[2]] = index + 1
                lines.setdefault(names, number)
                table = (*names, index)
            else:
                table = names
            lines.setdefault(table, number)
        elif key := _KEY.match(line):
            name = key[1] or key[2]
            parts = (name,) if name else tuple(key[3].split("."))
            for end in range(1, len(parts) + 1):
                lines.setdefault((*table, *parts[:end]), number)
    return lines
