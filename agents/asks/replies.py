"""The replies that several asks share. An ask may have a reply type of its own."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ...core.asks import AgentReply, Case


class PathReply(AgentReply):
    """An ordered path of sub-goals."""

    steps: tuple[str, ...]


class QuestionsReply(AgentReply):
    """Questions about a prompt."""

    questions: tuple[str, ...]


class JudgementReply(AgentReply):
    """Whether something is accepted; if not, what to change."""

    accepted: bool
    suggestion: str = ""


class ReasonsReply(AgentReply):
    """Reasons for wrong answers, one each."""

    reasons: tuple[str, ...]


class PromptReply(AgentReply):
    """A whole prompt."""

    prompt: str


class TextReply(AgentReply):
    """Free text: a critique, an analysis, a persona, a rationale."""

    text: str


class ItemsReply(AgentReply):
    """A list of short texts: keywords, principles, components."""

    items: tuple[str, ...]


class CasesReply(AgentReply):
    """Examples that a model made up; `expected` is empty if it gave no answer."""

    cases: tuple[Case, ...]


class ChoiceReply(AgentReply):
    """Which of two is better."""

    choice: Literal["a", "b", "tie"]
    why: str = ""


class VerdictsReply(AgentReply):
    """A verdict on each of several things, in their order: (the thing, whether the verdict is yes or supported).

    The thing is empty if only its number was given.
    """

    verdicts: tuple[tuple[str, bool], ...]


class RatingReply(AgentReply):
    """A rating, scaled to [0, 1]."""

    rating: float = Field(ge=0, le=1)
    why: str = ""
