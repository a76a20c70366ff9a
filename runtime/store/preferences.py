"""What a run learned besides scores: preferences, rules, and how each operator has paid off."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from .records import OperatorStat, PreferenceRow, RuleRow

_ANY_STEP = 2**62


def save_preferences(db: sqlite3.Connection, run: str, rows: Sequence[PreferenceRow]) -> None:
    """Idempotent by (run, step, a, b, example, by, number): the first verdict stands."""
    db.executemany(
        'INSERT INTO preferences (run, step, a, b, example, margin, "by", feedback, number) '
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        [(run, p.step, p.a, p.b, p.example or "", p.margin, p.by, p.feedback, p.number) for p in rows],
    )


def preferences(db: sqlite3.Connection, run: str, before_step: int | None) -> list[PreferenceRow]:
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


def save_rules(db: sqlite3.Connection, run: str, rows: Sequence[RuleRow]) -> None:
    db.executemany(
        'INSERT INTO rules (run, step, "when", advice) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
        [(run, rule.step, rule.when, rule.advice) for rule in rows],
    )


def rules(db: sqlite3.Connection, run: str, before_step: int | None) -> list[RuleRow]:
    rows = db.execute(
        'SELECT "when", advice, step FROM rules WHERE run = ? AND step < ? ORDER BY id',
        (run, _ANY_STEP if before_step is None else before_step),
    )
    return [RuleRow(when=when, advice=advice, step=step) for when, advice, step in rows]


def save_operator_stats(db: sqlite3.Connection, run: str, rows: Sequence[OperatorStat]) -> None:
    """A second account of the same operator and step replaces the first."""
    db.executemany(
        "INSERT INTO operator_stats (run, operator, step, proposed, kept, calls, gain) VALUES (?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT DO UPDATE SET proposed = excluded.proposed, kept = excluded.kept, calls = excluded.calls, "
        "gain = excluded.gain",
        [(run, s.operator, s.step, s.proposed, s.kept, s.calls, s.gain) for s in rows],
    )


def operator_stats(db: sqlite3.Connection, run: str, before_step: int | None) -> list[OperatorStat]:
    rows = db.execute(
        "SELECT operator, step, proposed, kept, calls, gain FROM operator_stats "
        "WHERE run = ? AND step < ? ORDER BY step, operator",
        (run, _ANY_STEP if before_step is None else before_step),
    )
    return [
        OperatorStat(operator=operator, step=step, proposed=proposed, kept=kept, calls=calls, gain=gain)
        for operator, step, proposed, kept, calls, gain in rows
    ]
