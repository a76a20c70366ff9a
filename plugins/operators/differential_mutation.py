"""A step of differential evolution on text (EvoPrompt DE, arXiv 2309.08532)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...agents.asks.common import ParaphrasePrompt
from ...agents.asks.evolution import StepByDifference
from ...core.asks import CALLS_PER_ASK
from ...core.protocols import NEEDS_NOTHING, Team
from ...core.search_types import Proposal, Request
from ..algorithms.llm_helpers import rewrite_with_model, sample_items, task_description


@dataclass(kw_only=True)
class DifferentialMutation:
    """Mutates where two prompts differ, applies it to the best, and crosses with the base.

    Parents come in this order: the base, two others, the best so far. The child is the base with another instruction.
    Where fewer parents come, the last one is repeated; a base alone is paraphrased.

    Args:
        failures: Failed examples of the base that are shown.
    """

    name = "differential"
    needs = NEEDS_NOTHING
    calls = CALLS_PER_ASK

    failures: int = 4

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        texts = [parent.program.main.instruction for parent in request.parents]
        base, first, second, best = (texts + texts[-1:] * 3)[:4]
        if len(set(texts)) == 1:
            return (
                await rewrite_with_model(request, team, ParaphrasePrompt(prompt=base), "in other words")
                if base.strip()
                else []
            )
        failures = sample_items(request.failures, self.failures, request.rng)
        ask = StepByDifference(
            task=task_description(request.task), base=base, first=first, second=second, best=best, failures=failures
        )
        rationale = "where two prompts differ was changed and put into the best and the base"
        return await rewrite_with_model(request, team, ask, rationale)
