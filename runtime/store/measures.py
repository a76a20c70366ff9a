"""Queries for what measures found."""

from __future__ import annotations

import sqlite3

from .connection import now
from .records import MeasureRecord


def save_measure(db: sqlite3.Connection, record: MeasureRecord) -> None:
    """Replaces an earlier reading of the same measure, run and program."""
    stamped = record.model_copy(update={"at": record.at or now()})
    db.execute(
        "INSERT OR REPLACE INTO measures (run, measure, program, data, at) VALUES (?, ?, ?, ?, ?)",
        (stamped.run, stamped.measure, stamped.program, stamped.model_dump_json(), stamped.at),
    )


def measures(db: sqlite3.Connection, run: str) -> list[MeasureRecord]:
    """All of a run, in the order in which they were measured."""
    rows = db.execute("SELECT data FROM measures WHERE run = ? ORDER BY at, measure, program", (run,))
    return [MeasureRecord.model_validate_json(data) for (data,) in rows]
