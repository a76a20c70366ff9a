"""Queries for displays: sums instead of single measurements."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass

from ...core.score import Evaluation
from .log import select_turns
from .records import DialogueTurn

# How json.dumps writes an unreadable answer; inside a text its quotes would be escaped.
_UNREADABLE = '%"failure": "format"%'
_TALLIES = """
SELECT candidate, step, count(*), sum(score), sum(score * score), sum(data LIKE ?), max(seq) FROM evaluations
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
    """One step's val measurements of one candidate.

    n: examples. total, squares: sums of their scores and of the scores squared. cursor: the newest measurement.
    """

    candidate: str
    step: int
    n: int
    total: float
    squares: float
    unreadable: int
    cursor: int


@dataclass(frozen=True, kw_only=True, slots=True)
class ExampleTally:
    """All candidates' measurements on one example."""

    example: str
    split: str
    n: int
    total: float
    unreadable: int


def tallies(db: sqlite3.Connection, run: str, *, after: int = 0) -> list[StepTally]:
    """Sums of the val measurements after a cursor, by candidate and step; the last one has the next cursor."""
    return [
        StepTally(
            candidate=candidate_id,
            step=step,
            n=n,
            total=total,
            squares=squares,
            unreadable=unreadable,
            cursor=cursor,
        )
        for candidate_id, step, n, total, squares, unreadable, cursor in db.execute(_TALLIES, (_UNREADABLE, after, run))
    ]


def example_tallies(db: sqlite3.Connection, run: str) -> list[ExampleTally]:
    """The sums of all candidates on each train and val example."""
    return [
        ExampleTally(example=example_id, split=split, n=n, total=total, unreadable=unreadable)
        for example_id, split, n, total, unreadable in db.execute(_BY_EXAMPLE, (_UNREADABLE, run))
    ]


def evaluations_on_example(db: sqlite3.Connection, run: str, example: str, *, limit: int = 200) -> list[Evaluation]:
    """The candidates' evaluations on one example, lowest score first."""
    return [
        Evaluation(candidate=candidate_id, example=example_id, split=split, score=score, step=step, **json.loads(data))
        for candidate_id, example_id, split, score, step, data in db.execute(
            _EVALUATIONS_ON_EXAMPLE, (run, example, limit)
        )
    ]


def turns_of_step(db: sqlite3.Connection, run: str, step: int, *, limit: int = 50) -> list[DialogueTurn]:
    """The dialogue of one step, in order."""
    return select_turns(db, _TURNS_OF_STEP, (run, step, limit))
