"""The roles of a team in words, and what each may read: for listings and docs."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict

from ..core.asks import Evidence
from ..core.models import Role
from .instructions import REPAIR_KEY, shipped_instructions


class RoleDescription(BaseModel):
    """One role, with the instruction files of its skills in their newest versions."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    role: Role
    summary: str
    instructions: tuple[str, ...]


_SUMMARIES: Mapping[Role, str] = {
    "planner": "plans: which improvements to work on, in which order",
    "teacher": "asks about the prompt and gives no answers",
    "critic": "judges the teacher's questions, or why a prompt led to wrong answers",
    "student": "writes: answers questions, edits against a reason, rewords, induces instructions from examples",
    "judge": "scores or compares outputs if there is no reference",
    "synthesizer": "drafts examples if there are none",
    "target": "does the task; its measured results decide",
}

EVIDENCE_KINDS: Mapping[Evidence, str] = {
    "errors": "examples that the prompt got wrong, with the outputs",
    "scores": "the scores of prompts",
    "history": "earlier prompts with their scores",
    "rows": "train examples with their references",
    "hints": "what people write to the optimizer models during a run",
}


def role_descriptions() -> tuple[RoleDescription, ...]:
    """Every role of a team with its instruction files, in the order of a round."""
    instructions = [value for key, value in shipped_instructions().items() if key != REPAIR_KEY]
    return tuple(
        RoleDescription(
            role=role,
            summary=summary,
            instructions=tuple(instruction.name for instruction in instructions if instruction.role == role),
        )
        for role, summary in _SUMMARIES.items()
    )
