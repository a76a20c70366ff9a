"""Queries for preferences between candidates, and for rules."""

from __future__ import annotations

import sqlite3
from collections.abc import Container, Sequence

from ...core.search_types import DuelOutcome
from .records import PreferenceRow, RuleRow

_ANY_STEP = 2**62


def save_preferences(db: sqlite3.Connection, run: str, rows: Sequence[PreferenceRow]) -> None:
    """Idempotent by (run, step, a, b, example, by, number): the first verdict stays."""
    db.executemany(
        'INSERT INTO preferences (run, step, a, b, example, margin, "by", feedback, number) '
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        [(run, p.step, p.a, p.b, p.example or "", p.margin, p.by, p.feedback, p.number) for p in rows],
    )


def preferences(db: sqlite3.Connection, run: str, *, before_step: int | None = None) -> list[PreferenceRow]:
    """In the order they came."""
    rows = db.execute(
        'SELECT a, b, example, margin, "by", feedback, step, number FROM preferences '
        "WHERE run = ? AND step < ? ORDER BY id",
        (run, _ANY_STEP if before_step is None else before_step),
    )
    return [
        PreferenceRow(
            a=a, b=b, example=example or None, margin=margin, by=by, feedback=feedback, step=step, number=number
        )
        for a, b, example, margin, by, feedback, step, number in rows
    ]


def duel_outcomes(
    db: sqlite3.Connection, run: str, before_step: int, visible: Container[str]
) -> tuple[DuelOutcome, ...]:
    """The preferences of judges and people as a strategy sees them, oldest step first.

    Those on examples outside `visible` are left out. The order does not depend on timing.
    """
    rows = [row for row in preferences(db, run, before_step=before_step) if not row.example or row.example in visible]
    rows.sort(key=lambda row: (row.step, row.a, row.b, row.example or "", row.number, row.by))
    return tuple(
        DuelOutcome(
            first=row.a, second=row.b, example=row.example or "", margin=row.margin, author=row.by, number=row.number
        )
        for row in rows
    )


def save_rules(db: sqlite3.Connection, run: str, rows: Sequence[RuleRow]) -> None:
    """Idempotent by content and step."""
    db.executemany(
        'INSERT INTO rules (run, step, "when", advice) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
        [(run, rule.step, rule.when, rule.advice) for rule in rows],
    )


def rules(db: sqlite3.Connection, run: str, *, before_step: int | None = None) -> list[RuleRow]:
    """In the order they came."""
    rows = db.execute(
        'SELECT "when", advice, step FROM rules WHERE run = ? AND step < ? ORDER BY id',
        (run, _ANY_STEP if before_step is None else before_step),
    )
    return [RuleRow(when=when, advice=advice, step=step) for when, advice, step in rows]
