"""The connection that writes: what is stored goes through it, redacted and as text that UTF-8 can encode."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any

from ...core.surrogates import replace_escaped_half_pairs, replace_half_pairs
from .redaction import Redactor


class WritingConnection(sqlite3.Connection):
    """redactor: knows the keys of the runs that are written."""

    redactor = Redactor()

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        return super().execute(sql, self._clean_all(parameters))

    def executemany(self, sql: str, parameters: Iterable[Any], /) -> sqlite3.Cursor:
        return super().executemany(sql, [self._clean_all(values) for values in parameters])

    def learn_keys(self, task_json: str) -> None:
        """Redact what this task's models use as keys from now on."""
        self.redactor = self.redactor.joined_by(task_json)

    def _clean_all(self, parameters: Any) -> Any:
        if isinstance(parameters, Mapping):
            return {name: self._clean(value) for name, value in parameters.items()}
        return [self._clean(value) for value in parameters]

    def _clean(self, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        if isinstance(value, TaskJson):
            return replace_escaped_half_pairs(self.redactor.task(str(value)))
        text = self.redactor.text(value)
        # Plain text may speak of such escapes; in a JSON text they are what it holds.
        return replace_escaped_half_pairs(text) if text[:1] in ("{", "[", '"') else replace_half_pairs(text)


class TaskJson(str):
    """A parameter that holds a task: the addresses in it stay as they are."""

    __slots__ = ()


def redactor_of(connection: sqlite3.Connection) -> Redactor:
    return connection.redactor if isinstance(connection, WritingConnection) else WritingConnection.redactor
