"""The questions of section-wise editing (PromptFlow)."""

from __future__ import annotations

from ...core.asks import Ask, Case
from .replies import TextReply


class EditSection(Ask[TextReply]):
    """One section of a prompt written anew, the others left alone (PromptFlow, arXiv 2510.12246)."""

    role = "student"
    skill = "edit-section"
    reply = TextReply
    reads = {"failures": "errors", "hints": "hints"}
    task: str
    prompt: str
    section: str
    text: str
    failures: tuple[Case, ...] = ()
    hints: tuple[str, ...] = ()


class WriteSection(Ask[TextReply]):
    """A section that a prompt does not have yet (PromptFlow)."""

    role = "student"
    skill = "write-section"
    reply = TextReply
    reads = {"rows": "rows", "failures": "errors", "hints": "hints"}
    task: str
    prompt: str
    section: str
    purpose: str
    rows: tuple[Case, ...] = ()
    failures: tuple[Case, ...] = ()
    hints: tuple[str, ...] = ()
