"""Scores the progress of an episode in an environment."""

from __future__ import annotations

from ...core.dataset import Example
from ...core.models import Output
from ...core.protocols import NEEDS_NOTHING
from ...core.score import Score


class ProgressEvaluator:
    """The progress at the end of the trajectory, in [0, 1]; the feedback has the environment's notes on each turn.

    An output without a trajectory counts 1 if it is a reference, else 0.

    Args:
        partial: Whether partial progress counts; if not, only the goal does.
    """

    name = "progress"
    needs = NEEDS_NOTHING

    def __init__(self, partial: bool = True) -> None:
        self._partial = partial

    async def evaluate(self, example: Example, output: Output, answer: str | None) -> Score:
        if not output.trajectory:
            return Score(value=float(output.text in example.outputs))
        last = float(output.trajectory[-1].get("progress", 0.0))
        turns = [(number, str(step.get("note", ""))) for number, step in enumerate(output.trajectory, 1)]
        notes = [f"turn {number}: {note}" for number, note in turns if note]
        reached = "the goal was reached" if last >= 1 else f"{last:.0%} of the way to the goal"
        text = "; ".join([f"{reached} after {len(turns)} turns", *notes])
        value = last if self._partial else float(last >= 1)
        return Score(value=value, values={"progress": last, "turns": float(len(turns))}, feedback=text)
