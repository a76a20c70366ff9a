"""What all evaluators that ask a model have in common."""

from __future__ import annotations

from ...core.orders import TaskBrief
from ...core.score import Score
from ..operators.rewording import CALLS_PER_ASK, about, together

__all__ = ["CALLS_PER_ASK", "UNREADABLE", "together", "wanted"]

UNREADABLE = Score(value=0.0, failure="example", feedback="what the judge said could not be read")


def wanted(requirements: str, task: TaskBrief) -> str:
    """What a good output is: as the evaluator's options say, or else the task's description."""
    return requirements or about(task)
