"""The questions of Promptomatix (arXiv 2507.14241): which technique fits the task, and a prompt in it."""

from __future__ import annotations

from ...core.asks import Ask, Case
from .replies import PromptReply, TextReply


class NameTechnique(Ask[TextReply]):
    """Which of some prompting techniques fits a task best."""

    role = "planner"
    skill = "technique"
    reply = TextReply
    reads = {"rows": "rows"}
    task: str
    techniques: tuple[str, ...]
    rows: tuple[Case, ...] = ()


class TailorPrompt(Ask[PromptReply]):
    """The prompt anew in one technique, as short as it may be."""

    role = "student"
    skill = "tailor"
    reply = PromptReply
    reads = {"failures": "errors", "hints": "hints"}
    task: str
    prompt: str
    technique: str
    failures: tuple[Case, ...] = ()
    hints: tuple[str, ...] = ()
