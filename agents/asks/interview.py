"""The questions of an interview that elicits requirements (Promptor, arXiv 2310.08101), and feedback on what is still
missing (ROPE, arXiv 2409.08775)."""

from __future__ import annotations

from ...core.asks import Ask
from .replies import ItemsReply, PromptReply, TextReply


class FindGaps(Ask[ItemsReply]):
    """What a person has not said yet and a model could not guess, each as a question to that person."""

    role = "teacher"
    skill = "gaps"
    reply = ItemsReply
    answers: tuple[str, ...]
    count: int = 3


class AnswerAsPerson(Ask[TextReply]):
    """What the person would answer, where nobody is there: by what was said so far, and common sense."""

    role = "planner"
    skill = "stand-in"
    reply = TextReply
    task: str
    question: str
    answers: tuple[str, ...] = ()


class WriteFromInterview(Ask[PromptReply]):
    """A prompt that says all that was answered, and nothing that was not."""

    role = "student"
    skill = "from-interview"
    reply = PromptReply
    answers: tuple[str, ...]
