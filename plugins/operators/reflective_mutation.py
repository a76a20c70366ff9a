"""GEPA (arXiv 2507.19457): one reflection on a minibatch of runs, with inputs, outputs and textual feedback."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...agents.asks.replies import PromptReply
from ...core.asks import CALLS_PER_ASK, Ask, Case
from ...core.protocols import ANY_KIND, NEEDS_TRAIN, Team
from ...core.search_types import Proposal, Request
from ..algorithms.llm_helpers import (
    case_count,
    main_instruction,
    rewrite_with_model,
    sample_items,
    task_description,
    user_guidance,
)


class ReflectOnCases(Ask[PromptReply]):
    """A new prompt from the old one and a few of its runs: inputs, outputs, and feedback on them."""

    role = "student"
    skill = "reflect"
    reply = PromptReply
    reads = {"cases": "errors", "hints": "hints"}
    task: str
    prompt: str
    cases: tuple[Case, ...] = ()
    hints: tuple[str, ...] = ()


# Enough for one pattern, and as much as a small context holds.
_SMALL_CASES = 6


@dataclass(kw_only=True)
class ReflectiveMutation:
    """Rewrites the prompt after reflecting on a few runs; without failures there is no proposal.

    Args:
        cases: Runs shown at most, failures first; successes show what must stay. By default 32, for small optimizer
            models 6.
    """

    name = "reflect"
    needs = NEEDS_TRAIN
    kinds = ANY_KIND
    calls = CALLS_PER_ASK

    cases: int | None = None

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        if not request.failures:
            return []
        most = case_count(request, self.cases, _SMALL_CASES)
        failed = sample_items(request.failures, most, request.rng)
        right = sample_items(request.successes, most - len(failed), request.rng)
        ask = ReflectOnCases(
            task=task_description(request.task),
            prompt=main_instruction(request),
            cases=(*failed, *right),
            hints=user_guidance(request),
        )
        why = f"reflected on {len(failed)} failed and {len(right)} successful runs"
        return await rewrite_with_model(request, team, ask, why)
