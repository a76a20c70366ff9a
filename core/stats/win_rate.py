"""How often one prompt's outputs were preferred to another's: what is claimed where no reference scores an output."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..report import WinRate
from .tests import Difference, compare_paired


def win_rate(margins: Sequence[float], *, judge: str, seed: int) -> tuple[WinRate, Difference]:
    """The winner's share of duels against the start, a tie being half, and the difference of both shares with its test.

    margins: one for each row, in [-1, 1], positive where the winner's output was preferred. A judge that tosses coins
    has a rate of 0.5 in expectation, and the test holds its level: the margins' signs are exchangeable then.
    """
    difference = compare_paired([(1 - one) / 2 for one in margins], [(1 + one) / 2 for one in margins], seed=seed)
    wins, losses = sum(one > 0 for one in margins), sum(one < 0 for one in margins)
    found = WinRate(
        judge=judge,
        rate=(1 + difference.value) / 2,
        low=(1 + difference.low) / 2,
        high=(1 + difference.high) / 2,
        wins=wins,
        ties=len(margins) - wins - losses,
        losses=losses,
        n=len(margins),
    )
    return found, difference


def margins_in_order(margins: Mapping[str, float], rows: Sequence[str]) -> list[float]:
    """The margins of the rows that were judged, in the task's order: a report knows no other."""
    return [margins[row] for row in rows if row in margins]
