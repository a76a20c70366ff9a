"""Who is who in a team, in words, and what each may be asked: for listings and docs."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict

from ..core.asks import Evidence
from ..core.models import Role
from .instructions import REPAIR_KEY, shipped_instructions


class RoleDescription(BaseModel):
    """One role. instructions: the files that hold its skills, newest versions."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    role: Role
    summary: str
    instructions: tuple[str, ...]


_SUMMARIES: Mapping[Role, str] = {
    "planner": "lays the path: which improvements to work on, in which order",
    "teacher": "asks about the prompt and gives no answers",
    "critic": "judges: the teacher's questions, or why a prompt led to wrong answers",
    "student": "writes: answers questions, edits against a reason, rewords, guesses instructions from rows",
    "judge": "scores or compares outputs where there is no reference",
    "synthesizer": "drafts examples where there are none",
    "target": "does the task; its measured results decide",
}

EVIDENCE_KINDS: Mapping[Evidence, str] = {
    "errors": "rows that the prompt got wrong, with what came out",
    "scores": "how prompts did, as numbers",
    "history": "earlier prompts with their scores",
    "rows": "train rows with their references",
    "hints": "what people wish for while a run goes on",
}


def role_descriptions() -> tuple[RoleDescription, ...]:
    """Every role of a team with its instruction files, in the order in which a round hears them."""
    files = [one for key, one in shipped_instructions().items() if key != REPAIR_KEY]
    return tuple(
        RoleDescription(
            role=role,
            summary=summary,
            instructions=tuple(one.name for one in files if one.role == role),
        )
        for role, summary in _SUMMARIES.items()
    )
