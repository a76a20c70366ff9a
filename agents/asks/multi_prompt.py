"""The meta prompt of GPO (arXiv 2305.13954): several prompts for one task in one reply."""

from __future__ import annotations

from ...core.asks import Ask, Case
from .replies import ItemsReply


class WriteSeveralPrompts(Ask[ItemsReply]):
    """Different prompts that would all lead from these inputs to these answers."""

    role = "student"
    skill = "several"
    reply = ItemsReply
    reads = {"rows": "rows", "hints": "hints"}
    task: str
    prompt: str
    rows: tuple[Case, ...] = ()
    count: int = 3
    hints: tuple[str, ...] = ()
