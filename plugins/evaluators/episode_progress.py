"""How far an episode came, with what was wrong turn by turn."""

from __future__ import annotations

from ...core.dataset import Example
from ...core.models import Output
from ...core.protocols import Need
from ...core.score import Score


class ProgressEvaluator:
    """The progress at the end of the trajectory, in [0, 1]; feedback names each turn that the world has a note on.

    partial: whether half a way counts half; without, only the goal counts. An output that was not played is the goal
    itself or nothing: it counts where it is a reference.
    """

    name = "progress"
    needs: frozenset[Need] = frozenset()

    def __init__(self, partial: bool = True) -> None:
        self._partial = partial

    async def evaluate(self, example: Example, output: Output, answer: str | None) -> Score:
        if not output.trajectory:
            return Score(value=float(output.text in example.outputs))
        last = float(output.trajectory[-1].get("progress", 0.0))
        turns = [(number, str(step.get("note", ""))) for number, step in enumerate(output.trajectory, 1)]
        notes = [f"turn {number}: {note}" for number, note in turns if note]
        reached = "the goal was reached" if last >= 1 else f"{last:.0%} of the way to the goal"
        said = "; ".join([f"{reached} after {len(turns)} turns", *notes])
        value = last if self._partial else float(last >= 1)
        return Score(value=value, values={"progress": last, "turns": float(len(turns))}, feedback=said)
