"""The prompt rewritten in different thinking styles (the mutation of PromptWizard, arXiv 2405.18369)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

from ...agents.asks.replies import PromptReply
from ...core.asks import CALLS_PER_ASK, Ask
from ...core.protocols import NEEDS_NOTHING, Team
from ...core.search_types import Proposal, Request
from ..algorithms.llm_helpers import (
    deduplicate,
    gather_all,
    main_instruction,
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
    reads = {"hints": "hints"}
    task: str
    prompt: str
    style: str
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
        styles: Styles per order.
    """

    name = "thinking-styles"
    needs = NEEDS_NOTHING

    styles: int = 5

    @property
    def calls(self) -> int:
        return CALLS_PER_ASK * self.styles

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        styles = sample_items(thinking_styles(), self.styles, request.rng)
        asks = [
            MutateInStyle(
                task=task_description(request.task),
                prompt=main_instruction(request),
                style=style,
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
