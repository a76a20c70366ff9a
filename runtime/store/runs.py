"""Queries for runs and their examples."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any

from ...core.dataset import Example, Split
from ...core.errors import UsageError
from .connection import now
from .records import RunRecord
from .writing_connection import TaskJson, WritingConnection

_COLUMNS = tuple(RunRecord.model_fields)
_SELECT = f"SELECT {', '.join(_COLUMNS)} FROM runs"
_INSERT = f"INSERT INTO runs ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})"


# Examples are compared by content, because an id from the data may name another example elsewhere. `maieutic eval`
# stores no examples of its own, so its runs are matched by the task's name.
_PRIOR_TEST_USES = """
SELECT count(DISTINCT seen.run), count(DISTINCT seen.example)
FROM (
    SELECT run, example FROM evaluations WHERE split = 'test'
    UNION SELECT run, example FROM responses WHERE split = 'test'
) AS seen
JOIN runs AS theirs ON theirs.id = seen.run
JOIN runs AS ours ON ours.id = ?1
JOIN examples AS mine ON mine.run = ?1 AND mine.split = 'test' AND mine.id = seen.example
LEFT JOIN examples AS its ON its.run = seen.run AND its.split = 'test' AND its.id = seen.example
WHERE seen.run != ?1 AND seen.example IN (SELECT value FROM json_each(?2))
AND (its.data = mine.data OR its.data IS NULL AND theirs.task = ours.task)
"""


def create_run(db: sqlite3.Connection, run: RunRecord) -> None:
    """Raises UsageError where the id is taken."""
    stamped = run if run.started else run.model_copy(update={"started": now()})
    if isinstance(db, WritingConnection):
        db.learn_keys(stamped.task_json)
    try:
        db.execute(_INSERT, [_to_column(getattr(stamped, name), name) for name in _COLUMNS])
    except sqlite3.IntegrityError as error:
        raise UsageError(f"the run {run.id!r} exists already", remedy="choose another id") from error


def update_run(db: sqlite3.Connection, /, run_id: str, **fields: Any) -> None:
    """Set fields of a RunRecord. Raises UsageError for an unknown run, ValidationError for an invalid field."""
    changed = RunRecord.model_validate({**run_by_id(db, run_id).model_dump(), **fields})
    if fields:
        assignments = ", ".join(f"{name} = ?" for name in fields)
        values = [_to_column(getattr(changed, name), name) for name in fields]
        db.execute(f"UPDATE runs SET {assignments} WHERE id = ?", [*values, run_id])


def has_run(db: sqlite3.Connection, run_id: str) -> bool:
    return db.execute("SELECT 1 FROM runs WHERE id = ?", [run_id]).fetchone() is not None


def run(db: sqlite3.Connection, ref: str) -> RunRecord:
    """A run by its id, by a unique prefix of it, or `latest`: the last search that started, else the last evaluation.

    Raises UsageError with the possible ids.
    """
    if ref == "latest":
        # Evaluations are no searches, and a refused run never started: prefer the last search that did.
        refused = "state = 'failed' AND NOT EXISTS (SELECT 1 FROM candidates WHERE candidates.run = runs.id)"
        rows = db.execute(f"{_SELECT} ORDER BY recipe IN ('eval', 'measure'), {refused}, seq DESC LIMIT 1").fetchall()
    else:
        rows = db.execute(f"{_SELECT} WHERE id = ?", [ref]).fetchall()
        if not rows and ref:
            rows = db.execute(f"{_SELECT} WHERE substr(id, 1, ?) = ?", [len(ref), ref]).fetchall()
    if len(rows) == 1:
        return _record(rows[0])
    run_ids = [run_id for (run_id,) in db.execute("SELECT id FROM runs ORDER BY seq DESC LIMIT 20")]
    if rows:
        raise UsageError(
            f"{ref!r} is the beginning of {len(rows)} runs",
            where="run",
            possible=[str(row[0]) for row in rows],
            remedy="write more of the id",
        )
    raise UsageError(
        f"there is no run {ref!r}" if run_ids else "there are no runs here yet",
        where="run",
        possible=["latest", *run_ids] if run_ids else (),
        remedy="name one of these, or a unique prefix" if run_ids else "start one with maieutic optimize TASK",
    )


def runs(db: sqlite3.Connection) -> list[RunRecord]:
    """All runs, newest first."""
    return [_record(row) for row in db.execute(f"{_SELECT} ORDER BY seq DESC")]


def save_examples(db: sqlite3.Connection, run: str, rows: Iterable[tuple[Split, Example]]) -> None:
    """Idempotent by (run, split, id)."""
    db.executemany(
        "INSERT INTO examples (run, split, id, data) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        [(run, split, row.id, json.dumps(row.model_dump())) for split, row in rows],
    )


def replace_example(db: sqlite3.Connection, run: str, split: Split, row: Example) -> None:
    """Save an example in this split alone, in place of one with its id."""
    db.execute("DELETE FROM examples WHERE run = ? AND id = ? AND split <> ?", (run, row.id, split))
    db.execute(
        "INSERT INTO examples (run, split, id, data) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (run, split, id) DO UPDATE SET data = excluded.data",
        (run, split, row.id, json.dumps(row.model_dump())),
    )


def examples(db: sqlite3.Connection, run: str, split: Split | None = None) -> list[tuple[Split, Example]]:
    """In the order they were saved."""
    rows = db.execute(
        "SELECT split, data FROM examples WHERE run = ?1 AND (?2 IS NULL OR split = ?2) ORDER BY seq", [run, split]
    )
    return [(where, Example.model_validate_json(data)) for where, data in rows]


def example(db: sqlite3.Connection, run: str, example_id: str) -> Example | None:
    row = db.execute("SELECT data FROM examples WHERE run = ? AND id = ? ORDER BY seq", [run, example_id]).fetchone()
    return Example.model_validate_json(row[0]) if row else None


def prior_test_uses(db: sqlite3.Connection, run: str, rows: Iterable[str]) -> tuple[int, int]:
    """How many other runs scored a prompt on this run's test examples, and on how many of `rows` (ids)."""
    run_count, example_count = db.execute(_PRIOR_TEST_USES, [run, json.dumps(list(rows))]).fetchone()
    return int(run_count), int(example_count)


def run_by_id(db: sqlite3.Connection, run_id: str) -> RunRecord:
    row = db.execute(f"{_SELECT} WHERE id = ?", [run_id]).fetchone()
    if row is None:
        raise UsageError(f"there is no run {run_id!r}", where="run")
    return _record(row)


def _record(row: tuple[Any, ...]) -> RunRecord:
    fields = dict(zip(_COLUMNS, row, strict=True))
    return RunRecord.model_validate({**fields, "options": json.loads(fields["options"])})


def _to_column(value: Any, name: str) -> Any:
    if name == "task_json":
        return TaskJson(value)
    return json.dumps(dict(value)) if isinstance(value, Mapping) else value
