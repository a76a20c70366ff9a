"""The question of a control loop: a correction whose size and direction were computed."""

from __future__ import annotations

from ...core.asks import Ask, Case
from .replies import PromptReply


class CorrectPrompt(Ask[PromptReply]):
    """deviations: what is off and how it moves, the strongest push first. step: how much may change."""

    role = "student"
    skill = "correct"
    reply = PromptReply
    reads = {"deviations": "scores", "failures": "errors", "hints": "hints"}
    task: str
    prompt: str
    step: str
    deviations: tuple[str, ...] = ()
    failures: tuple[Case, ...] = ()
    hints: tuple[str, ...] = ()
