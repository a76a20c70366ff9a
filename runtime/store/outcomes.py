"""What was preferred so far, by a judge or a person: one table, one reader."""

from __future__ import annotations

from collections.abc import Container

from ...core.search_types import DuelOutcome
from . import Store


def duel_outcomes(store: Store, run: str, before_step: int, visible: Container[str]) -> tuple[DuelOutcome, ...]:
    """The oldest step first, then in an order in which no timing has a say. Those on rows that may not be seen are left
    out; a verdict on two prompts as a whole names no row."""
    rows = [one for one in store.preferences(run, before_step=before_step) if not one.example or one.example in visible]
    rows.sort(key=lambda one: (one.step, one.a, one.b, one.example or "", one.number, one.by))
    return tuple(
        DuelOutcome(
            first=one.a, second=one.b, example=one.example or "", margin=one.margin, author=one.by, number=one.number
        )
        for one in rows
    )
