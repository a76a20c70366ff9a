"""What all evaluators that ask a model have in common."""

from __future__ import annotations

from ...core.asks import CALLS_PER_ASK
from ...core.score import Score
from ...core.search_types import TaskBrief
from ..algorithms.llm_helpers import gather_all, task_description

__all__ = ["CALLS_PER_ASK", "UNREADABLE_REPLY", "gather_all", "requirements_text"]

UNREADABLE_REPLY = Score(value=0.0, failure="example", feedback="what the judge said could not be read")


def requirements_text(requirements: str, task: TaskBrief) -> str:
    """What a good output is: as the evaluator's options say, or else the task's description."""
    return requirements or task_description(task)
