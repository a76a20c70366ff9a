"""What people put right: the only places where a row or a measurement is replaced."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

from ...core.dataset import Example, Split
from ...core.score import Evaluation
from .archive import evaluation_data


def replace_example(db: sqlite3.Connection, run: str, split: Split, row: Example) -> None:
    """The row under its id, in this split alone; one that is not there joins."""
    db.execute("DELETE FROM examples WHERE run = ? AND id = ? AND split <> ?", (run, row.id, split))
    db.execute(
        "INSERT INTO examples (run, split, id, data) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (run, split, id) DO UPDATE SET data = excluded.data",
        (run, split, row.id, json.dumps(row.model_dump())),
    )


def replace_evaluations(db: sqlite3.Connection, run: str, evaluations: Sequence[Evaluation]) -> None:
    """Scores and what belongs to them, by (run, candidate, example), under the split that the row is in now; the step
    of the first measurement stays."""
    db.executemany(
        "UPDATE evaluations SET score = ?, data = ?, split = ? WHERE run = ? AND candidate = ? AND example = ?",
        [(one.score, evaluation_data(one), one.split, run, one.candidate, one.example) for one in evaluations],
    )
