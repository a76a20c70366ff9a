"""The question of GEPA (arXiv 2507.19457)."""

from __future__ import annotations

from ...core.asks import Ask, Case
from .replies import PromptReply


class ReflectOnCases(Ask[PromptReply]):
    """A new prompt from the old one and a few of its runs: what went in, what came out, what was said about it."""

    role = "student"
    skill = "reflect"
    reply = PromptReply
    reads = {"cases": "errors", "hints": "hints"}
    task: str
    prompt: str
    cases: tuple[Case, ...] = ()
    hints: tuple[str, ...] = ()
