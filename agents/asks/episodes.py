"""The questions of methods that work on whole episodes: advice of people, turns, and what earlier edits brought."""

from __future__ import annotations

from ...core.asks import Ask, Case, ScoredPrompt
from .replies import ItemsReply, PromptReply, TextReply


class SummarizeAdvice(Ask[TextReply]):
    """What went wrong in several episodes, in one summary (PROMST). remarks: each with how often it was due."""

    role = "critic"
    skill = "summary"
    reply = TextReply
    reads = {"remarks": "errors"}
    task: str
    prompt: str
    remarks: tuple[str, ...] = ()


class AdvancePrompt(Ask[PromptReply]):
    """A new prompt from a summary of what went wrong, and the line of prompts it comes from (PROMST)."""

    role = "student"
    skill = "advance"
    reply = PromptReply
    reads = {"summary": "errors", "history": "history", "hints": "hints"}
    task: str
    prompt: str
    summary: str
    history: tuple[ScoredPrompt, ...] = ()
    hints: tuple[str, ...] = ()


class JudgeTurns(Ask[ItemsReply]):
    """Feedback on single turns of one episode: which turn decided its end, and what should have been done there."""

    role = "critic"
    skill = "turns"
    reply = ItemsReply
    reads = {"episode": "errors"}
    task: str
    prompt: str
    episode: tuple[Case, ...] = ()
    count: int = 2


class ReplayFeedback(Ask[PromptReply]):
    """A new prompt from feedback on turns and from experience: earlier feedback and what edits by it scored."""

    role = "student"
    skill = "replay"
    reply = PromptReply
    reads = {"feedback": "errors", "experience": "history", "hints": "hints"}
    task: str
    prompt: str
    feedback: tuple[str, ...] = ()
    experience: tuple[ScoredPrompt, ...] = ()
    hints: tuple[str, ...] = ()
