"""Whether a query finds what the reference query finds, in SQLite."""

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
from ...core.protocols import Need
from ...core.score import Score
from .reference_base import NO_REFERENCE, shorten

_SQL_FENCE = re.compile(r"```(?:sql|sqlite)?[ \t]*\n(.*?)```", re.DOTALL | re.IGNORECASE)
_ORDER_BY = re.compile(r"\border\s+by\b(?![^()]*\))", re.IGNORECASE)
_READ_ACTIONS = frozenset(
    {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, getattr(sqlite3, "SQLITE_RECURSIVE", 33)}
)
_MAX_ROWS = 10_000


class SqlEvaluator:
    """1 where the output's query gives the rows that a reference query gives: the same columns by place, the same
    rows in any order, or in the same order where the reference says ORDER BY.

    The database: a file, by `database` or by the row's field `field`, opened for reading alone; or an SQL script that
    builds one in memory, by `script` or by that field. Relative paths begin in the task's folder. Queries may only
    read, for `seconds` and up to 10,000 rows; a query that may not, or cannot, run is wrong, and says why.
    """

    name = "sql"
    needs: frozenset[Need] = frozenset({"references"})

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
                wanted = [(self._fetch(base, one), bool(_ORDER_BY.search(one))) for one in example.outputs]
                try:
                    found = self._fetch(base, query)
                except (sqlite3.Error, sqlite3.Warning, ValueError) as error:
                    return Score(value=0.0, feedback=f"the query cannot run: {shorten(str(error))}")
        except (sqlite3.Error, sqlite3.Warning, ValueError, OSError) as error:
            said = f"the reference query or its database cannot be used: {error}"
            return Score(value=0.0, failure="example", feedback=said)
        if any(found == rows if ordered else Counter(found) == Counter(rows) for rows, ordered in wanted):
            return Score(value=1.0)
        rows = wanted[0][0]
        shown, right = shorten(str(found[:2]), 120), shorten(str(rows[:2]), 120)
        said = f"{len(found)} rows, first {shown}; wanted {len(rows)}, first {right}"
        return Score(value=0.0, feedback=said)

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
        return [tuple(round(one, 9) if isinstance(one, float) else one for one in row) for row in rows]


def _authorize_read(action: int, *about: str | None) -> int:
    if action == sqlite3.SQLITE_FUNCTION and "load_extension" in about:
        return sqlite3.SQLITE_DENY
    return sqlite3.SQLITE_OK if action in _READ_ACTIONS else sqlite3.SQLITE_DENY


def _is_script(text: str) -> bool:
    return re.search(r"\b(create|insert)\b", text, re.IGNORECASE) is not None
