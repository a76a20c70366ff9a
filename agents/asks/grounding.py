"""The questions of MIPRO (arXiv 2406.11695): what the data are like, and an instruction that is grounded in them."""

from __future__ import annotations

from ...core.asks import Ask, Case
from .replies import PromptReply, TextReply


class DescribeExamples(Ask[TextReply]):
    """What a data set is about, from some rows and from what was noted of the rows before."""

    role = "planner"
    skill = "describe"
    reply = TextReply
    reads = {"rows": "rows"}
    task: str
    rows: tuple[Case, ...] = ()
    notes: str = ""


class ProposeGrounded(Ask[PromptReply]):
    """An instruction in view of a summary of the data, of rows that were answered well, and of one tip."""

    role = "student"
    skill = "grounded"
    reply = PromptReply
    reads = {"rows": "rows", "failures": "errors", "hints": "hints"}
    task: str
    prompt: str
    summary: str = ""
    rows: tuple[Case, ...] = ()
    failures: tuple[Case, ...] = ()
    tip: str = ""
    hints: tuple[str, ...] = ()
