"""The question of the phrase-level searches (Plum)."""

from __future__ import annotations

from ...core.asks import Ask
from .replies import TextReply


class RewordPhrase(Ask[TextReply]):
    """One phrase of a prompt in other words, to stand in its place (Plum, arXiv 2311.08364)."""

    role = "student"
    skill = "reword-phrase"
    reply = TextReply
    prompt: str
    phrase: str
