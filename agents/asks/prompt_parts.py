"""Parts of a structured prompt: written one by one, chosen, looked over (LangGPT and Minstrel, arXiv 2409.13449)."""

from __future__ import annotations

from ...core.asks import AgentReply, Ask, Case
from .replies import ItemsReply, TextReply


class WritePart(Ask[TextReply]):
    """The text of one part of a prompt; `wanted` says what it is, `written` what stands in other parts already."""

    role = "student"
    skill = "part"
    reply = TextReply
    reads = {"failures": "errors", "hints": "hints"}
    task: str
    prompt: str
    wanted: str
    written: tuple[str, ...] = ()
    failures: tuple[Case, ...] = ()
    advice: str = ""
    hints: tuple[str, ...] = ()


class ChooseParts(Ask[ItemsReply]):
    """Which parts a prompt for the task should have, by name."""

    role = "planner"
    skill = "parts"
    reply = ItemsReply
    task: str
    prompt: str
    parts: tuple[str, ...]


class AdviceReply(AgentReply):
    """One part by its name, and what to change in it."""

    part: str
    advice: str


class ReviewParts(Ask[AdviceReply]):
    """Which part of a prompt is weakest, and what to change in it."""

    role = "critic"
    skill = "weakest-part"
    reply = AdviceReply
    reads = {"failures": "errors"}
    task: str
    parts: tuple[str, ...]
    failures: tuple[Case, ...] = ()
