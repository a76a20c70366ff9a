"""Scores an SQL query by its result in SQLite, against the result of a reference query."""

from __future__ import annotations

import asyncio
import re
import sqlite3
import time
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ...core.dataset import Example
from ...core.errors import UsageError
from ...core.models import Output
from ...core.protocols import NEEDS_REFERENCES
from ...core.score import Score
from .reference_match import NO_REFERENCE, shorten

_SQL_FENCE = re.compile(r"```(?:sql|sqlite)?[ \t]*\n(.*?)```", re.DOTALL | re.IGNORECASE)
_ORDER_BY = re.compile(r"\border\s+by\b(?![^()]*\))", re.IGNORECASE)
_READ_ACTIONS = frozenset(
    {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, getattr(sqlite3, "SQLITE_RECURSIVE", 33)}
)
# More rows than any answer that a person would check, few enough to compare in memory.
_MAX_ROWS = 10_000


class SqlEvaluator:
    """Scores 1 if the query returns the rows of a reference query, in any order unless the reference has ORDER BY.

    Columns are compared by position. Queries may only read, for `seconds` and up to 10,000 rows; a query that cannot
    run, or may not, scores 0 with the reason.

    Args:
        database: A database file, opened read-only; relative to the task's folder.
        script: An SQL script that builds the database in memory.
        field: The field of the metadata that overrides both, with a file or a script.
        seconds: The time limit of one query.
    """

    name = "sql"
    needs = NEEDS_REFERENCES

    def __init__(
        self,
        database: str | None = None,
        script: str | None = None,
        field: str = "database",
        seconds: float = 5.0,
        folder: str = ".",
    ) -> None:
        self._folder, self._field, self._seconds = Path(folder), field, seconds
        self._database, self._script = database, script
        if database is not None and not (self._folder / database).is_file():
            raise UsageError(f"there is no database {database}", where=f"sql: database in {self._folder.resolve()}")

    async def evaluate(self, example: Example, output: Output, answer: str | None) -> Score:
        if not example.outputs:
            return NO_REFERENCE
        fenced = _SQL_FENCE.findall(output.text)
        query = (fenced[-1] if fenced else answer or output.text).strip()
        if not query:
            return Score(value=0.0, failure="format", feedback="there is no query in the output")
        return await asyncio.to_thread(self._compare, example, query)

    def _compare(self, example: Example, query: str) -> Score:
        place = example.metadata.get(self._field)
        try:
            with closing(self._connect(place if isinstance(place, str) else None)) as base:
                expected = [
                    (self._fetch(base, reference_query), bool(_ORDER_BY.search(reference_query)))
                    for reference_query in example.outputs
                ]
                try:
                    actual = self._fetch(base, query)
                except (sqlite3.Error, sqlite3.Warning, ValueError) as error:
                    return Score(value=0.0, feedback=f"the query cannot run: {shorten(str(error))}")
        except (sqlite3.Error, sqlite3.Warning, ValueError, OSError) as error:
            text = f"the reference query or its database cannot be used: {error}"
            return Score(value=0.0, failure="example", feedback=text)
        if any(actual == rows if ordered else Counter(actual) == Counter(rows) for rows, ordered in expected):
            return Score(value=1.0)
        rows = expected[0][0]
        actual_text, expected_text = shorten(str(actual[:2]), 120), shorten(str(rows[:2]), 120)
        text = f"{len(actual)} rows, first {actual_text}; wanted {len(rows)}, first {expected_text}"
        return Score(value=0.0, feedback=text)

    def _connect(self, place: str | None) -> sqlite3.Connection:
        script, file = self._script, self._database
        if place is not None:
            file, script = (None, place) if _is_script(place) else (place, None)
        if file is not None:
            path = (self._folder / file).resolve()
            base = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)
        else:
            base = sqlite3.connect(":memory:")
            base.executescript(script or "")
        base.execute("PRAGMA query_only = 1")
        base.set_authorizer(_authorize_read)
        return base

    def _fetch(self, base: sqlite3.Connection, query: str) -> list[tuple[Any, ...]]:
        ends = time.monotonic() + self._seconds
        base.set_progress_handler(lambda: time.monotonic() > ends, 10_000)
        rows = base.execute(query).fetchmany(_MAX_ROWS + 1)
        if len(rows) > _MAX_ROWS:
            raise ValueError(f"it finds more than {_MAX_ROWS} rows")
        return [tuple(round(cell, 9) if isinstance(cell, float) else cell for cell in row) for row in rows]


def _authorize_read(action: int, *about: str | None) -> int:
    if action == sqlite3.SQLITE_FUNCTION and "load_extension" in about:
        return sqlite3.SQLITE_DENY
    return sqlite3.SQLITE_OK if action in _READ_ACTIONS else sqlite3.SQLITE_DENY


def _is_script(text: str) -> bool:
    return re.search(r"\b(create|insert)\b", text, re.IGNORECASE) is not None
