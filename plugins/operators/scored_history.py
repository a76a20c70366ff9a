"""OPRO (arXiv 2309.03409): a new prompt from the best earlier ones and their scores, worst first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...agents.asks.replies import PromptReply
from ...core.asks import CALLS_PER_ASK, Ask, Case, ScoredPrompt
from ...core.protocols import NEEDS_TRAIN, Team
from ...core.search_types import Proposal, Request
from ..algorithms.llm_helpers import rewrite_with_model, sample_cases, task_description


class ImproveOnHistory(Ask[PromptReply]):
    """A new prompt from scored earlier ones, worst first (OPRO, arXiv 2309.03409)."""

    role = "student"
    skill = "history"
    reply = PromptReply
    reads = {"history": "history", "rows": "rows"}
    task: str
    history: tuple[ScoredPrompt, ...] = ()
    rows: tuple[Case, ...] = ()


@dataclass(kw_only=True)
class ScoredHistory:
    """Writes new prompts from scored earlier ones.

    Args:
        count: Samples of the same question; an order that wants some but fewer gets fewer.
        longest: Earlier prompts shown, the best of them last.
        exemplars: Train examples shown, the same for all samples.
    """

    name = "scored-history"
    needs = NEEDS_TRAIN

    count: int = 8
    longest: int = 20
    exemplars: int = 3

    @property
    def calls(self) -> int:
        return CALLS_PER_ASK * self.count

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        count = self.count if request.order.count < 2 else min(self.count, request.order.count)
        best = sorted(request.history, key=lambda past: past.score)[-self.longest :] if self.longest else []
        rows = sample_cases(request.train, self.exemplars, request.rng)
        ask = ImproveOnHistory(task=task_description(request.task), history=tuple(best), rows=rows)
        top = f"after {len(best)} scored prompts" + (f", the best at {best[-1].score:.2f}" if best else "")
        return await rewrite_with_model(request, team, ask, top, count=count)
