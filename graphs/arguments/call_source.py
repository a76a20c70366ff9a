"""The arguments of a call in the place of a task file, so that both are read by the same code."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...core.errors import TaskError
from ...runtime.tasks.toml_source import TomlSource

# What errors of task files advise → what a caller does in its place.
_ADVICE = (
    ("rename a column, or name it under [data.fields]: ", "rename a column, or name it: "),
    ("; for rows without outputs write labelled = false under [data]", ""),
    (", or write labelled = false under [data]", ""),
    ("or name other columns in [data.fields]", "or name other columns: input=…, output=…"),
    (", or give a constant under [data.values]", ""),
    ("or the [answer] table", "or the argument answer"),
    (", or another [answer] type", ", or another answer="),
    ("or name separate train and val files", "or give train= and val="),
    ("give a file with at least 2 examples, or one file that is split by hash", "give at least 2 examples"),
)
_TABLES = frozenset({"data", "fields", "models", "roles"})


@dataclass(frozen=True, kw_only=True)
class CallSource(TomlSource):
    """The arguments by name. Errors name the argument; files are relative to the working folder."""

    @classmethod
    def of(cls, function: str, arguments: Mapping[str, Any]) -> CallSource:
        return cls(path=Path(f"{function}()"), tables=arguments, lines={})

    def where(self, *keys: str | int) -> str:
        name = next((str(key) for key in keys if key not in _TABLES), "train" if keys == ("data",) else None)
        return f"{self.path}, {name}=" if name else str(self.path)


@contextmanager
def advice_in_python() -> Iterator[None]:
    """What an error about a task file advises, in the words of a call."""
    try:
        yield
    except TaskError as error:
        remedy = error.remedy
        for written, called in _ADVICE:
            remedy = remedy.replace(written, called) if remedy else remedy
        raise TaskError(error.what, where=error.where, possible=error.possible, remedy=remedy) from error
