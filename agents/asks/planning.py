"""The question of TAPO (arXiv 2501.06689): by what the prompts for a task shall be judged."""

from __future__ import annotations

from ...core.asks import Ask, Case
from .replies import ItemsReply


class ChooseViews(Ask[ItemsReply]):
    """Which of the declared views of the evidence matter for a task."""

    role = "planner"
    skill = "views"
    reply = ItemsReply
    reads = {"rows": "rows"}
    task: str
    views: tuple[str, ...]
    rows: tuple[Case, ...] = ()
