"""The question a judge is asked where two outputs are compared."""

from __future__ import annotations

from ...core.asks import Ask
from .replies import ChoiceReply


class CompareOutputs(Ask[ChoiceReply]):
    """Which of two outputs for one input is better. The prompts that led to them are not shown, nor any reference."""

    role = "judge"
    skill = "compare"
    reply = ChoiceReply
    requirements: str
    input: str
    a: str
    b: str
