"""What a trained rewriter is asked: its own template, filled, and nothing else."""

from __future__ import annotations

from ...core.asks import Ask
from .replies import PromptReply, TextReply


class RewritePrompt(Ask[PromptReply]):
    """The prompt anew, from a message in the rewriter's own form."""

    role = "student"
    skill = "rewritten"
    reply = PromptReply
    message: str


class WriteAddition(Ask[TextReply]):
    """Words to be said beside the prompt, from a message in the rewriter's own form."""

    role = "student"
    skill = "beside"
    reply = TextReply
    message: str
