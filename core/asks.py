"""What agents are asked and what they answer, typed.

Each question is a class; its `role` says whose turn it is, `skill` names the instruction file, `reply` the answer.
`reads` maps a field to the kind of evidence it is: a team blanks the fields that a role may not read, so that
"MARS as published" (blind) and "MARS that sees failures" differ by one line of a recipe.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict

from .models import Role

Evidence = Literal["errors", "scores", "history", "rows", "hints"]


class _FrozenModel(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Case(_FrozenModel):
    """One row as an agent sees it: what went in, what was wanted, what came out."""

    input: str
    expected: str
    output: str = ""
    feedback: str = ""


class ScoredPrompt(_FrozenModel):
    """One earlier prompt and its score in [0, 1]."""

    prompt: str
    score: float


class AgentReply(_FrozenModel):
    """`raw` is what the model said, for the log."""

    raw: str = ""


R = TypeVar("R", bound=AgentReply, covariant=True)


class Ask(_FrozenModel, Generic[R]):
    role: ClassVar[Role]
    skill: ClassVar[str]
    reply: ClassVar[type[AgentReply]]
    reads: ClassVar[Mapping[str, Evidence]] = {}
    instruction: ClassVar[str] = ""
    """The text of the instruction file, where the skill is a plugin's own; the shipped ones are found by name."""
