"""The tables, as migrations that build on each other. Never edit a released one; add a new one."""

from __future__ import annotations

import sqlite3
from typing import Any

from sqlite_utils import Database
from sqlite_utils.db import Table
from sqlite_utils.migrations import Migrations

from .connection import MIGRATION_SET, is_current

migrations = Migrations(MIGRATION_SET)

_RUN = ("run", "runs", "id")
_CANDIDATE = (("run", "candidate"), "candidates", ("run", "id"))


def migrate(connection: sqlite3.Connection, where: str) -> None:
    """Update a database to the current schema. Raises UsageError where a newer Maieutic wrote it.

    The migrations run under the write lock, so that of two processes that open a new folder one builds the tables and
    the other waits. They are one transaction: a crash leaves all of them or none.
    """
    db = Database(connection, execute_plugins=False)
    if is_current(connection, where):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        migrations.apply(db)
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


@migrations()
def m001_runs(db: Database) -> None:
    _create(
        db,
        "runs",
        {
            "seq": int,
            "id": str,
            "task": str,
            "task_json": str,
            "recipe": str,
            "recipe_json": str,
            "seed": int,
            "state": str,
            "best": str,
            "best_score": float,
            "calls": int,
            "started": str,
            "finished": str,
            "budget_json": str,
            "folder": str,
            "source": str,
            "pid": int,
            "options": str,
        },
        pk="seq",
        optional={"best", "best_score", "finished", "pid"},
        unique=["id"],
    )
    columns = {"seq": int, "run": str, "split": str, "id": str, "data": str}
    _create(db, "examples", columns, pk="seq", foreign=[_RUN], unique=["run", "split", "id"])


@migrations()
def m002_archive(db: Database) -> None:
    _create(db, "prompts", {"id": str, "parts": str}, pk="id")
    _create(db, "programs", {"id": str, "prompts": str, "router": str}, pk="id", optional={"router"})
    _create(
        db,
        "candidates",
        {
            "seq": int,
            "run": str,
            "id": str,
            "program": str,
            "operator": str,
            "rationale": str,
            "status": str,
            "reason": str,
            "round": int,
            "step": int,
        },
        pk="seq",
        foreign=[_RUN, ("program", "programs", "id")],
        unique=["run", "id"],
    )
    columns = {"run": str, "child": str, "place": int, "parent": str, "operator": str}
    child = (("run", "child"), "candidates", ("run", "id"))
    _create(db, "lineage", columns, pk=("run", "child", "place"), foreign=[child])
    columns = {"run": str, "candidate": str, "step": int, "status": str, "reason": str}
    _create(db, "verdicts", columns, pk=("run", "candidate", "step"), foreign=[_CANDIDATE])
    _create(
        db,
        "evaluations",
        {
            "seq": int,
            "run": str,
            "candidate": str,
            "example": str,
            "split": str,
            "score": float,
            "step": int,
            "data": str,
        },
        pk="seq",
        foreign=[_CANDIDATE],
        unique=["run", "candidate", "example", "split"],
    )


@migrations()
def m003_calls(db: Database) -> None:
    _create(db, "calls", {"key": str, "run": str, "model": str, "reply": str, "at": str}, pk="key", foreign=[_RUN])
    attempts = {"id": int, "run": str, "key": str, "model": str, "payer": str, "role": str, "state": str}
    attempts |= {"worst_tokens": int, "worst_usd": float, "tokens": int, "usd": float}
    attempts |= {"error": str, "started": str, "finished": str}
    _create(db, "attempts", attempts, pk="id", optional={"error", "finished"}, foreign=[_RUN])
    _table(db, "attempts").create_index(["run", "state"])
    charges = {"run": str, "key": str, "payer": str, "cached": int, "calls": int, "tokens": int, "usd": float}
    _create(db, "charges", charges, pk=("run", "key"), foreign=[_RUN])


@migrations()
def m004_log(db: Database) -> None:
    events = {"run": str, "number": int, "key": str, "kind": str, "step": int, "data": str, "at": str}
    _create(db, "events", events, pk=("run", "number"), foreign=[_RUN], unique=["run", "key"])
    directives = {"id": int, "run": str, "kind": str, "data": str, "at": str}
    _create(db, "directives", directives, pk="id", foreign=[_RUN])
    _table(db, "directives").create_index(["run"])
    dialogue = {"number": int, "run": str, "step": int, "place": str, "order": int, "role": str, "skill": str}
    dialogue |= {"messages": str, "raw": str, "parsed": str, "at": str}
    _create(db, "dialogue", dialogue, pk="number", optional={"parsed"}, foreign=[_RUN], unique=["run", "step", "place"])


@migrations()
def m005_lessons(db: Database) -> None:
    preferences = {"id": int, "run": str, "step": int, "a": str, "b": str, "example": str, "margin": float}
    preferences |= {"by": str, "feedback": str}
    _create(
        db,
        "preferences",
        preferences,
        pk="id",
        foreign=[_RUN],
        unique=["run", "step", "a", "b", "example", "by"],
    )
    rules = {"id": int, "run": str, "step": int, "when": str, "advice": str}
    _create(db, "rules", rules, pk="id", foreign=[_RUN], unique=["run", "step", "when", "advice"])
    stats = {"run": str, "operator": str, "step": int, "proposed": int, "kept": int, "calls": int, "gain": float}
    _create(db, "operator_stats", stats, pk=("run", "operator", "step"), foreign=[_RUN])


@migrations()
def m006_reports(db: Database) -> None:
    _create(db, "reports", {"run": str, "data": str, "at": str}, pk="run", foreign=[_RUN])


@migrations()
def m007_duels(db: Database) -> None:
    """Number repeated judgements of the same two, and store outputs that nothing scores."""
    preferences = _table(db, "preferences")
    preferences.add_column("number", int, not_null_default=0)
    before = ["run", "step", "a", "b", "example", "by"]
    db.execute("DROP INDEX idx_preferences_run_step_a_b_example_by")
    preferences.create_index([*before, "number"], unique=True)
    columns = {"run": str, "candidate": str, "example": str, "split": str, "step": int, "output": str, "answer": str}
    unique = ("run", "candidate", "example", "split")
    _create(db, "responses", columns, pk=unique, optional={"answer"}, foreign=[_CANDIDATE])


@migrations()
def m008_run_ends(db: Database) -> None:
    """The ends of a run's search, and a report for each of them; both follow from what older versions logged."""
    columns = {"run": str, "number": int, "state": str, "reason": str, "best": str, "step": int, "at": str}
    columns["continued"] = str
    _create(db, "run_ends", columns, pk=("run", "number"), optional={"best", "continued"}, foreign=[_RUN])
    # An interrupted process logs its end with step 0; the search ends at a step of its own.
    db.execute(
        "INSERT INTO run_ends (run, number, state, reason, best, step, at, continued) "
        "SELECT run, row_number() OVER (PARTITION BY run ORDER BY number), "
        "iif(kind = 'run_finished', 'finished', 'stopped'), coalesce(json_extract(data, '$.reason'), ''), "
        "json_extract(data, '$.best'), step, at, (SELECT min(later.at) FROM events AS later "
        "WHERE later.run = events.run AND later.number > events.number AND later.kind = 'run_resumed') "
        "FROM events WHERE kind IN ('run_finished', 'run_stopped') AND step > 0"
    )
    # SQLite cannot change a primary key in place.
    db.execute("ALTER TABLE reports RENAME TO reports_before")
    columns = {"run": str, "number": int, "data": str, "at": str}
    _create(db, "reports", columns, pk=("run", "number"), foreign=[_RUN])
    db.execute(
        "INSERT INTO reports (run, number, data, at) SELECT run, 1 + (SELECT count(*) FROM run_ends "
        "WHERE run_ends.run = reports_before.run AND continued IS NOT NULL), data, at FROM reports_before"
    )
    db.execute("DROP TABLE reports_before")


@migrations()
def m009_leases(db: Database) -> None:
    """Who is asking for an answer, so that no second process pays for it."""
    columns = {"key": str, "run": str, "pid": int, "born": str, "until": float}
    _create(db, "leases", columns, pk="key")


@migrations()
def m010_measures(db: Database) -> None:
    """What measures found of a run's prompts: the newest reading of each measure and program."""
    columns = {"run": str, "measure": str, "program": str, "data": str, "at": str}
    _create(db, "measures", columns, pk=("run", "measure", "program"), foreign=[_RUN])


def _create(
    db: Database,
    name: str,
    columns: dict[str, Any],
    *,
    pk: str | tuple[str, ...],
    optional: set[str] | None = None,
    foreign: list[Any] | None = None,
    unique: list[str] | None = None,
) -> None:
    """A table whose columns are required unless `optional`; a single integer key is filled automatically."""
    keys = {pk} if isinstance(pk, str) else set(pk)
    required = columns.keys() - keys - (optional or set())
    table = _table(db, name).create(columns, pk=pk, not_null=required, foreign_keys=foreign or [])
    if unique:
        table.create_index(unique, unique=True)


def _table(db: Database, name: str) -> Table:
    return db.table(name)
