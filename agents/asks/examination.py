"""The two questions of PE2 (arXiv 2311.05661): rows examined one by one, then the prompt refined."""

from __future__ import annotations

from ...core.asks import Ask, Case, ScoredPrompt
from .replies import PromptReply, TextReply


class ExamineCases(Ask[TextReply]):
    """Row by row: is the output right, does the prompt describe the task, has it to be edited, and how.

    layout: the whole message in which the prompt stands, so that it is clear where the input goes.
    """

    role = "critic"
    skill = "examine"
    reply = TextReply
    reads = {"cases": "errors"}
    task: str
    prompt: str
    layout: str = ""
    cases: tuple[Case, ...] = ()


class RefinePrompt(Ask[PromptReply]):
    """The prompt after its examination, which is carried on word for word.

    step: how many words may change at most, as text. history: earlier prompts of its line with their scores.
    momentum: why the last edits were made.
    """

    role = "student"
    skill = "refine"
    reply = PromptReply
    reads = {"history": "history", "momentum": "history", "hints": "hints"}
    task: str
    prompt: str
    examination: str
    step: str = ""
    history: tuple[ScoredPrompt, ...] = ()
    momentum: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()
