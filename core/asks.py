"""The base types of what agents are asked and what they answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict

from .models import Role

Evidence = Literal["errors", "scores", "history", "rows", "hints"]

# A question, and one repair question where the reply could not be read.
CALLS_PER_ASK = 2


class _FrozenModel(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Case(_FrozenModel):
    """One example as an agent sees it.

    Attributes:
        input: The input.
        expected: The reference output; empty if there is none.
        output: What the target returned.
        feedback: What the evaluators said about it.
        trace: The steps that led to the output, where there were several.
    """

    input: str
    expected: str
    output: str = ""
    feedback: str = ""
    trace: str = ""


class ScoredPrompt(_FrozenModel):
    """An earlier prompt and its score in [0, 1]. rows: how many examples it was measured on; 0 is not told. demos: how
    many worked examples it has beside the text."""

    prompt: str
    score: float
    demos: int = 0
    rows: int = 0


class AgentReply(_FrozenModel):
    """The base of typed replies. `raw` is the model's text, for the log."""

    raw: str = ""


R = TypeVar("R", bound=AgentReply, covariant=True)


class Ask(_FrozenModel, Generic[R]):
    """The base of typed questions. Field names fill the placeholders of the instruction file.

    A team blanks the fields that a role may not read, so that one line of a recipe decides whether it sees failures.

    Attributes:
        role: Who is asked.
        skill: Which instruction file is used.
        reply: The type of the reply.
        reads: Field → the kind of evidence that it holds.
        instruction: The text of the instruction file, for a skill that a plugin brings. Shipped ones are found by name.
    """

    role: ClassVar[Role]
    skill: ClassVar[str]
    reply: ClassVar[type[AgentReply]]
    reads: ClassVar[Mapping[str, Evidence]] = {}
    instruction: ClassVar[str] = ""
