"""A better prompt from the outputs of the present one, without references (SPO, arXiv 2502.06855)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...agents.asks.replies import PromptReply
from ...core.asks import CALLS_PER_ASK, Ask, Case
from ...core.protocols import NEEDS_NOTHING, Team
from ...core.search_types import Proposal, Request
from ..algorithms.llm_helpers import main_instruction, rewrite_with_model, task_description, user_guidance


class ImproveOnOutputs(Ask[PromptReply]):
    """A better prompt from the outputs of the present one, compared with what the task asks for.

    Neither references nor scores are shown.
    """

    role = "student"
    skill = "outputs"
    reply = PromptReply
    reads = {"outputs": "rows", "hints": "hints"}
    task: str
    prompt: str
    outputs: tuple[Case, ...] = ()
    hints: tuple[str, ...] = ()


@dataclass(kw_only=True)
class OutputBasedRewrite:
    """Rewrites the prompt from its outputs.

    Args:
        samples: Outputs shown at most, the first ones.
        count: Samples of the rewrite.
    """

    name = "outputs"
    needs = NEEDS_NOTHING

    samples: int = 3
    count: int = 1

    @property
    def calls(self) -> int:
        return CALLS_PER_ASK * self.count

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        outputs = request.outputs[: self.samples]
        ask = ImproveOnOutputs(
            task=task_description(request.task),
            prompt=main_instruction(request),
            outputs=outputs,
            hints=user_guidance(request),
        )
        why = f"rewritten with {len(outputs)} outputs in view"
        return await rewrite_with_model(request, team, ask, why, count=self.count)
