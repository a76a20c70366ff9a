"""Several prompts from one question, with examples of all domains in view (GPO, arXiv 2305.13954)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from random import Random

from ...agents.asks.replies import ItemsReply
from ...core.asks import CALLS_PER_ASK, Ask, Case
from ...core.dataset import Example
from ...core.protocols import NEEDS_TRAIN, Team
from ...core.search_types import Proposal, Request
from ..algorithms.llm_helpers import (
    deduplicate,
    gather_all,
    main_instruction,
    sample_cases,
    task_description,
    user_guidance,
    with_instruction,
)


class WriteSeveralPrompts(Ask[ItemsReply]):
    """Several different prompts that would lead from these inputs to these answers."""

    role = "student"
    skill = "several"
    reply = ItemsReply
    reads = {"rows": "rows", "hints": "hints"}
    task: str
    prompt: str
    rows: tuple[Case, ...] = ()
    count: int = 3
    hints: tuple[str, ...] = ()


@dataclass(kw_only=True)
class MultiProposal:
    """Asks for several different prompts at once.

    Args:
        count: Prompts per question.
        asks: Questions, each with examples of its own.
        rows: Examples shown with each, in turn from those with references and those pseudo-labeled by the run.
    """

    name = "several"
    needs = NEEDS_TRAIN

    count: int = 3
    asks: int = 2
    rows: int = 6

    @property
    def calls(self) -> int:
        return CALLS_PER_ASK * self.asks

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        asks = [
            WriteSeveralPrompts(
                task=task_description(request.task),
                prompt=main_instruction(request),
                rows=sample_across_groups(request.train, self.rows, request.rng),
                count=self.count,
                hints=user_guidance(request),
            )
            for _ in range(self.asks)
        ]
        replies = await gather_all(team.act(ask) for ask in asks)
        return deduplicate(
            with_instruction(request, text, f"one of several, with {len(ask.rows)} examples in view")
            for ask, reply in zip(asks, replies, strict=True)
            if reply is not None
            for text in reply.items[: self.count]
        )


def sample_across_groups(rows: Sequence[Example], count: int, rng: Random) -> tuple[Case, ...]:
    """Labeled examples from each group in turn; the group is who labeled them."""
    groups: dict[str, list[Example]] = {}
    for row in rows:
        groups.setdefault(str(row.metadata.get("by", "")), []).append(row)
    samples = [sample_cases(groups[name], count, rng) for name in sorted(groups)]
    return tuple([case for turn in zip_longest(*samples) for case in turn if case is not None][:count])
