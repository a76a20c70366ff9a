"""How often one prompt's outputs are preferred to another's: the claim if no reference scores an output."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import BaseModel, ConfigDict

from .tests import Difference, compare_paired


class WinRate(BaseModel):
    """How often the judge preferred the winner's output to the baseline's on the same example.

    Attributes:
        judge: The pair evaluator.
        rate: The share of duels won, a tie counting half; 0.5 is no difference.
        low: The lower bound of its 95 % interval.
        high: The upper bound.
        wins: Duels won.
        ties: Duels without a preference.
        losses: Duels lost.
        n: All duels.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    judge: str
    rate: float
    low: float
    high: float
    wins: int
    ties: int
    losses: int
    n: int


def win_rate(margins: Sequence[float], *, judge: str, seed: int) -> tuple[WinRate, Difference]:
    """The winner's win rate against the baseline, and the difference of both prompts' shares with its test.

    A judge that answers at random has a rate of 0.5 in expectation, and the test keeps its level: the signs of the
    margins are exchangeable then.

    Args:
        margins: One per example, in [-1, 1], positive if the winner's output was preferred.
        judge: The name of the pair evaluator.
        seed: The seed of the resampling.
    """
    baseline, winner = [(1 - margin) / 2 for margin in margins], [(1 + margin) / 2 for margin in margins]
    difference = compare_paired(baseline, winner, seed=seed)
    wins, losses = sum(margin > 0 for margin in margins), sum(margin < 0 for margin in margins)
    rate = WinRate(
        judge=judge,
        rate=(1 + difference.value) / 2,
        low=(1 + difference.low) / 2,
        high=(1 + difference.high) / 2,
        wins=wins,
        ties=len(margins) - wins - losses,
        losses=losses,
        n=len(margins),
    )
    return rate, difference


def margins_in_order(margins: Mapping[str, float], rows: Sequence[str]) -> list[float]:
    """The margins of the judged examples in the task's order, so that resampling does not depend on arrival."""
    return [margins[row] for row in rows if row in margins]
