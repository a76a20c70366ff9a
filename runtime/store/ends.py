"""Queries for the ends of a run's search and for its reports: facts that are written once and never replaced."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any, Literal

from ...core.errors import RunFailed
from ...core.events import Event
from .connection import now
from .log import append_events
from .records import RunEnd
from .runs import update_run

_COLUMNS = tuple(RunEnd.model_fields)
_LAST = f"SELECT {', '.join(_COLUMNS)} FROM run_ends WHERE run = ? ORDER BY number DESC LIMIT 1"


def run_end(db: sqlite3.Connection, run: str) -> RunEnd | None:
    """How the search ended; None while it goes on, also after a stop."""
    end = _last_end(db, run)
    return None if end is None or end.continued else end


def end_run(
    db: sqlite3.Connection,
    /,
    run: str,
    state: Literal["finished", "stopped"],
    event: Event,
    *,
    reason: str = "",
    **fields: Any,
) -> list[Event]:
    """Record the end of the search, its event and the run's state, all or nothing. An end that is there already stays.

    Args:
        event: `run_finished` or `run_stopped`; its step is the end's.
        **fields: of the RunRecord, such as `best`.

    Returns:
        The event as stored.
    """
    end = run_end(db, run)
    if end is None:
        db.execute(
            "INSERT INTO run_ends (run, number, state, reason, best, step, at) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (run, _end_number(db, run), state, reason, fields.get("best"), event.step, now()),
        )
    elif (end.state, end.step) != (state, event.step):
        update_run(db, run, state=end.state)
        return []
    update_run(db, run, state=state, **fields)
    return append_events(db, [event])


def interrupt_run(db: sqlite3.Connection, run: str, state: Literal["stopped", "failed"], event: Event) -> list[Event]:
    """Record that the process gave the run up before its search ended, and the event that says so. Returns the event as
    stored, nothing where the search had ended."""
    if run_end(db, run) is not None:
        return []
    update_run(db, run, state=state)
    return append_events(db, [event])


def claim_run(db: sqlite3.Connection, /, run: str, pid: int, options: Mapping[str, Any], **fields: Any) -> None:
    """Record which process carries the run from here on. A finished run stays finished."""
    end = run_end(db, run)
    if end is None or end.state != "finished":
        fields["state"] = "running"
    update_run(db, run, pid=pid, options=options, **fields)


def continue_run(db: sqlite3.Connection, run: str) -> None:
    """Record that a stopped search goes on. Its next end, and the report to that, have the next number."""
    db.execute(
        "UPDATE run_ends SET continued = ? WHERE run = ? AND state = 'stopped' AND continued IS NULL", (now(), run)
    )
    update_run(db, run, state="running", finished=None)


def save_report(db: sqlite3.Connection, run: str, data: str) -> str:
    """Save the report to the search's next end, as JSON. Returns the report that counts: the first to that end, since a
    step may run again.

    Raises RunFailed where the run has finished with another report.
    """
    end = run_end(db, run)
    number = end.number if end else _end_number(db, run)
    db.execute(
        "INSERT INTO reports (run, number, data, at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (run, number, data, now()),
    )
    stored = str(db.execute("SELECT data FROM reports WHERE run = ? AND number = ?", (run, number)).fetchone()[0])
    if end is not None and end.state == "finished" and stored != data:
        raise RunFailed(
            "the run has finished, and a finished run keeps its report",
            where=f"run {run}",
            remedy=f"read it: maieutic report {run}; or start from its best prompt: maieutic fork {run} CANDIDATE",
        )
    return stored


def report(db: sqlite3.Connection, run: str) -> str | None:
    """The newest report as JSON; None before one is written."""
    row = db.execute("SELECT data FROM reports WHERE run = ? ORDER BY number DESC LIMIT 1", [run]).fetchone()
    return row[0] if row else None


def pending_report(db: sqlite3.Connection, run: str) -> str | None:
    """The report to the end that the search comes to, or came to: None while it is not written."""
    end = run_end(db, run)
    number = end.number if end else _end_number(db, run)
    row = db.execute("SELECT data FROM reports WHERE run = ? AND number = ?", [run, number]).fetchone()
    return row[0] if row else None


def _last_end(db: sqlite3.Connection, run: str) -> RunEnd | None:
    row = db.execute(_LAST, (run,)).fetchone()
    return RunEnd(**dict(zip(_COLUMNS, row, strict=True))) if row else None


def _end_number(db: sqlite3.Connection, run: str) -> int:
    """The number of an end that is still to come."""
    end = _last_end(db, run)
    return end.number + 1 if end else 1
