"""The prompt rewritten in different thinking styles (the mutation of PromptWizard, arXiv 2405.18369)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

from ...agents.asks.replies import PromptReply
from ...core.asks import CALLS_PER_ASK, Ask, Case
from ...core.protocols import NEEDS_NOTHING, Team
from ...core.search_types import Proposal, Request
from ..algorithms.llm_helpers import (
    CAPABLE_CASES,
    deduplicate,
    gather_all,
    main_instruction,
    sample_cases,
    sample_items,
    task_description,
    user_guidance,
    with_instruction,
)


class MutateInStyle(Ask[PromptReply]):
    """The prompt reconsidered in one thinking style."""

    role = "student"
    skill = "style"
    reply = PromptReply
    reads = {"rows": "rows", "hints": "hints"}
    task: str
    prompt: str
    style: str
    rows: tuple[Case, ...] = ()
    hints: tuple[str, ...] = ()


_FILE = "thinking-styles.v1.txt"


@cache
def thinking_styles() -> tuple[str, ...]:
    """One style per line; lines that begin with # are comments."""
    text = (resources.files(__package__) / _FILE).read_text(encoding="utf-8")
    return tuple(line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#"))


@dataclass(kw_only=True)
class ThinkingStyleMutation:
    """One rewrite per thinking style, with new styles for each order.

    Args:
        styles: Styles in a set.
        sets: Sets of styles per order at most; the order's count says how many the budget can measure.
    """

    name = "thinking-styles"
    needs = NEEDS_NOTHING

    styles: int = 5
    sets: int = 1

    @property
    def calls(self) -> int:
        return CALLS_PER_ASK * self.styles * self.sets

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        count = self.styles * min(self.sets, request.order.count)
        styles = sample_items(thinking_styles(), count, request.rng)
        # Small optimizer models rewrite as published, by the style alone.
        rows = sample_cases(request.train, CAPABLE_CASES, request.rng) if request.capable else ()
        asks = [
            MutateInStyle(
                task=task_description(request.task),
                prompt=main_instruction(request),
                style=style,
                rows=rows,
                hints=user_guidance(request),
            )
            for style in styles
        ]
        replies = await gather_all(team.act(ask) for ask in asks)
        return deduplicate(
            with_instruction(request, reply.prompt, ask.style)
            for ask, reply in zip(asks, replies, strict=True)
            if reply is not None
        )
