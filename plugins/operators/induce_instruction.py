"""APE (arXiv 2211.01910): induces the instruction from input-output examples alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...agents.asks.replies import PromptReply
from ...core.asks import CALLS_PER_ASK, Ask, Case
from ...core.protocols import NEEDS_LABELLED_TRAIN, Team
from ...core.search_types import Proposal, Request
from ..algorithms.llm_helpers import case_count, deduplicate, gather_all, sample_cases, with_instruction


class InducePrompt(Ask[PromptReply]):
    """The instruction that would have led to these examples (APE, arXiv 2211.01910)."""

    role = "student"
    skill = "induce"
    reply = PromptReply
    reads = {"rows": "rows"}
    rows: tuple[Case, ...]


_SMALL_SET = 5


@dataclass(kw_only=True)
class InduceInstruction:
    """Induces instructions from sets of train examples.

    Args:
        subsamples: Sets of train examples.
        per_sample: Samples for each set.
        demos: Examples in a set; by default 32, for small optimizer models 5 as published.
    """

    name = "induce"
    needs = NEEDS_LABELLED_TRAIN

    subsamples: int = 5
    per_sample: int = 4
    demos: int | None = None

    @property
    def calls(self) -> int:
        return CALLS_PER_ASK * self.subsamples * self.per_sample

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        most = case_count(request, self.demos, _SMALL_SET)
        sets = [sample_cases(request.train, most, request.rng) for _ in range(self.subsamples)]
        asks = [InducePrompt(rows=rows) for rows in sets if rows for _ in range(self.per_sample)]
        replies = await gather_all(team.act(ask) for ask in asks)
        return deduplicate(
            with_instruction(request, reply.prompt, f"induced from {len(ask.rows)} train examples")
            for ask, reply in zip(asks, replies, strict=True)
            if reply is not None
        )
