"""The question of SPO (arXiv 2502.06855): a better prompt from what the present one brings out."""

from __future__ import annotations

from ...core.asks import Ask, Case
from .replies import PromptReply


class ImproveOnOutputs(Ask[PromptReply]):
    """No reference is shown and no score: what came out is held against what the task asks for."""

    role = "student"
    skill = "outputs"
    reply = PromptReply
    reads = {"outputs": "rows", "hints": "hints"}
    task: str
    prompt: str
    outputs: tuple[Case, ...] = ()
    hints: tuple[str, ...] = ()
