"""Direct rewrites of the instruction: with failures in view, as a paraphrase, or towards one objective."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...agents.asks.common import EditPrompt
from ...agents.asks.common import ParaphrasePrompt as ParaphraseAsk
from ...core.asks import CALLS_PER_ASK
from ...core.protocols import ANY_KIND, NEEDS_NOTHING, NEEDS_TRAIN, Team
from ...core.search_types import Proposal, Request
from ..algorithms.llm_helpers import main_instruction, rewrite_with_model, sample_items, task_description, user_guidance
from .feedback_controller import CorrectPrompt

_MEANT: Mapping[str, str] = {
    "accuracy": "More answers have to be right.",
    "format": "More answers need exactly the wanted form, with nothing around it.",
    "similarity": "The answers should say what is expected in nearly the same words.",
    "robustness": "The kinds of inputs that are answered worst have to be answered better.",
    "brevity": "The prompt should say the same in fewer words.",
}


@dataclass(kw_only=True)
class FailureRewrite:
    """Rewrites the prompt; without failures and hints there is no proposal.

    Args:
        errors: Failures shown at most.
        count: Samples of the rewrite.
    """

    name = "rewrite"
    needs = NEEDS_TRAIN
    kinds = ANY_KIND

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
        why = f"rewritten with {len(failures)} failures in view" if failures else "rewritten from the user's hints"
        return await rewrite_with_model(request, team, ask, why, count=self.count)


@dataclass(kw_only=True)
class ParaphraseInstruction:
    """Paraphrases the instruction; an empty one gives no proposal.

    Args:
        count: Paraphrases.
    """

    name = "paraphrase"
    needs = NEEDS_NOTHING

    count: int = 2

    @property
    def calls(self) -> int:
        return CALLS_PER_ASK * self.count

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        prompt = main_instruction(request)
        if not prompt.strip():
            return []
        return await rewrite_with_model(request, team, ParaphraseAsk(prompt=prompt), "paraphrased", count=self.count)


@dataclass(kw_only=True)
class ObjectiveEdit:
    """Rewrites the prompt towards the objective that the order's option `direction` names (default: accuracy).

    Args:
        count: Samples of the rewrite.
        errors: Failures shown.
    """

    name = "direction"
    needs = NEEDS_TRAIN

    count: int = 2
    errors: int = 4

    @property
    def calls(self) -> int:
        return CALLS_PER_ASK * self.count

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        objective = str(request.order.options.get("direction", "accuracy"))
        failures = sample_items(request.failures, self.errors, request.rng)
        ask = CorrectPrompt(
            task=task_description(request.task),
            prompt=main_instruction(request),
            deviations=(_MEANT.get(objective, f"The prompt should do better in {objective}."),),
            step="Change what this needs.",
            failures=failures if objective != "brevity" else (),
            hints=user_guidance(request),
        )
        return await rewrite_with_model(request, team, ask, f"towards {objective}", count=self.count)
