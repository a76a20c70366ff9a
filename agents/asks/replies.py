"""What agents answer, typed. Replies that several methods share stand here; a plugin may bring its own."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ...core.asks import AgentReply, Case


class PathReply(AgentReply):
    steps: tuple[str, ...]


class QuestionsReply(AgentReply):
    questions: tuple[str, ...]


class JudgementReply(AgentReply):
    accepted: bool
    suggestion: str = ""


class ReasonsReply(AgentReply):
    reasons: tuple[str, ...]


class PromptReply(AgentReply):
    prompt: str


class TextReply(AgentReply):
    """Free text: a critique, an analysis, a persona, a rationale."""

    text: str


class ItemsReply(AgentReply):
    """A list of short texts: keywords, principles, components."""

    items: tuple[str, ...]


class CasesReply(AgentReply):
    """Rows that a model made up; `expected` is empty where it gave no answer."""

    cases: tuple[Case, ...]


class ChoiceReply(AgentReply):
    """Which of two is better."""

    choice: Literal["a", "b", "tie"]
    why: str = ""


class VerdictsReply(AgentReply):
    """What was said of each of several things, in their order: (the thing, or empty where only its number stood;
    whether the verdict is yes, or supported)."""

    verdicts: tuple[tuple[str, bool], ...]


class RatingReply(AgentReply):
    """A rating, brought to [0, 1]."""

    rating: float = Field(ge=0, le=1)
    why: str = ""
