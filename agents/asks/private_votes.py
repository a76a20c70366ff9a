"""What voters on private rows are asked (DP-OPT, arXiv 2312.03724): nothing of what they say is used but as a vote."""

from __future__ import annotations

from ...core.asks import Ask, Case
from .replies import TextReply


class ContinueInstruction(Ask[TextReply]):
    """The whole instruction that these rows call for; `begun` are the words it has to begin with."""

    role = "student"
    skill = "continue"
    reply = TextReply
    reads = {"rows": "rows"}
    task: str
    rows: tuple[Case, ...]
    begun: str = ""


class VoteForInstruction(Ask[TextReply]):
    """The number of the instruction that fits these rows best."""

    role = "student"
    skill = "vote"
    reply = TextReply
    reads = {"rows": "rows"}
    task: str
    rows: tuple[Case, ...]
    instructions: tuple[str, ...]
