"""The questions of TextGrad (arXiv 2406.07496): feedback on an answer, carried back to the prompt, and one step."""

from __future__ import annotations

from ...core.asks import Ask, Case
from .replies import PromptReply, TextReply


class FeedbackOnAnswer(Ask[TextReply]):
    """The gradient of the loss by one answer: how it should have been otherwise."""

    role = "critic"
    skill = "answer-feedback"
    reply = TextReply
    reads = {"cases": "errors"}
    task: str
    cases: tuple[Case, ...] = ()


class FeedbackOnPrompt(Ask[TextReply]):
    """The chain rule: from feedback on one answer to feedback on the prompt that brought it out."""

    role = "critic"
    skill = "prompt-feedback"
    reply = TextReply
    reads = {"cases": "errors"}
    prompt: str
    feedback: str
    cases: tuple[Case, ...] = ()


class ApplyFeedback(Ask[PromptReply]):
    """One step against the sum of the feedback. momentum: earlier prompts of its line, oldest first."""

    role = "student"
    skill = "apply-feedback"
    reply = PromptReply
    reads = {"momentum": "history", "hints": "hints"}
    task: str
    prompt: str
    feedback: tuple[str, ...]
    momentum: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()
