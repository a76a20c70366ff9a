"""One edit towards one objective (directional prompting, MODP, arXiv 2504.18722)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...agents.asks.control import CorrectPrompt
from ...core.asks import CALLS_PER_ASK
from ...core.protocols import NEEDS_TRAIN, Team
from ...core.search_types import Proposal, Request
from ..algorithms.llm_helpers import main_instruction, rewrite_with_model, sample_items, task_description, user_guidance

_MEANT: Mapping[str, str] = {
    "accuracy": "More answers have to be right.",
    "format": "More answers need exactly the wanted form, with nothing around it.",
    "similarity": "The answers should say what is expected in nearly the same words.",
    "robustness": "The kinds of inputs that are answered worst have to be answered better.",
    "brevity": "The prompt should say the same in fewer words.",
}


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
