"""Windows on a run for whoever watches it: sums instead of rows, one candidate instead of all."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass

from ...core.candidate import Candidate
from ...core.score import Evaluation
from . import archive
from .log import select_turns
from .records import DialogueTurn

# How an unreadable answer is written by json.dumps; within a text the quotes would carry backslashes.
_UNREADABLE = '%"failure": "format"%'
_TALLIES = """
SELECT candidate, step, count(*), sum(score), sum(data LIKE ?), max(seq) FROM evaluations
WHERE seq > ? AND +run = ? AND split = 'val' GROUP BY candidate, step ORDER BY max(seq)
"""
_BY_EXAMPLE = """
SELECT example, split, count(*), sum(score), sum(data LIKE ?) FROM evaluations
WHERE run = ? AND split IN ('train', 'val') GROUP BY example, split
"""
_EVALUATIONS_ON_EXAMPLE = """
SELECT candidate, example, split, score, step, data FROM evaluations
WHERE run = ? AND example = ? ORDER BY score, seq LIMIT ?
"""
_TURNS_OF_STEP = "run = ? AND step = ? ORDER BY number LIMIT ?"


@dataclass(frozen=True, kw_only=True, slots=True)
class StepTally:
    """What one step measured of one candidate on val rows: rows, the sum of their scores, unreadable answers.

    cursor: the newest measurement in it.
    """

    candidate: str
    step: int
    n: int
    total: float
    unreadable: int
    cursor: int


@dataclass(frozen=True, kw_only=True, slots=True)
class ExampleTally:
    """How all candidates together did on one row."""

    example: str
    split: str
    n: int
    total: float
    unreadable: int


def tallies(db: sqlite3.Connection, run: str, after: int) -> list[StepTally]:
    return [
        StepTally(candidate=one, step=step, n=n, total=total, unreadable=unreadable, cursor=cursor)
        for one, step, n, total, unreadable, cursor in db.execute(_TALLIES, (_UNREADABLE, after, run))
    ]


def example_tallies(db: sqlite3.Connection, run: str) -> list[ExampleTally]:
    return [
        ExampleTally(example=one, split=split, n=n, total=total, unreadable=unreadable)
        for one, split, n, total, unreadable in db.execute(_BY_EXAMPLE, (_UNREADABLE, run))
    ]


def evaluations_on_example(db: sqlite3.Connection, run: str, example: str, limit: int) -> list[Evaluation]:
    return [
        Evaluation(candidate=of, example=one, split=split, score=score, step=step, **json.loads(data))
        for of, one, split, score, step, data in db.execute(_EVALUATIONS_ON_EXAMPLE, (run, example, limit))
    ]


def candidate(db: sqlite3.Connection, run: str, name: str) -> Candidate | None:
    return next(iter(archive.candidates(db, run, None, name)), None)


def turns_of_step(db: sqlite3.Connection, run: str, step: int, limit: int) -> list[DialogueTurn]:
    return select_turns(db, _TURNS_OF_STEP, (run, step, limit))
