"""One rewrite with the failures in view and no stated reason: the cheapest evidence-based edit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...agents.asks.common import EditPrompt
from ...core.asks import CALLS_PER_ASK
from ...core.protocols import NEEDS_TRAIN, Team
from ...core.search_types import Proposal, Request
from ..algorithms.llm_helpers import main_instruction, rewrite_with_model, sample_items, task_description, user_guidance


@dataclass(kw_only=True)
class FailureRewrite:
    """Rewrites the prompt; without failures and hints there is no proposal.

    Args:
        errors: Failures shown at most.
        count: Samples of the rewrite.
    """

    name = "rewrite"
    needs = NEEDS_TRAIN

    errors: int = 4
    count: int = 1

    @property
    def calls(self) -> int:
        return CALLS_PER_ASK * self.count

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        hints = user_guidance(request)
        failures = sample_items(request.failures, self.errors, request.rng)
        if not failures and not hints:
            return []
        ask = EditPrompt(
            task=task_description(request.task),
            prompt=main_instruction(request),
            reason="",
            failures=failures,
            hints=hints,
        )
        why = f"rewritten with {len(failures)} failures in view" if failures else "rewritten as the user wished"
        return await rewrite_with_model(request, team, ask, why, count=self.count)
