"""ProTeGi (arXiv 2305.03495): reasons for failures, edits against the reasons, paraphrases of the edits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...agents.asks.common import EditPrompt, FindReasons, ParaphrasePrompt
from ...agents.asks.replies import PromptReply
from ...core.asks import CALLS_PER_ASK, Case
from ...core.protocols import NEEDS_TRAIN, Team
from ...core.search_types import Proposal, Request
from ..algorithms.llm_helpers import (
    deduplicate,
    gather_all,
    main_instruction,
    task_description,
    user_guidance,
    with_instruction,
)


@dataclass(kw_only=True)
class TextualGradient:
    """Finds reasons for failures, edits the prompt against each, and paraphrases the edits.

    The rationale of a proposal is the reason. Without failures there is no proposal.

    Args:
        gradients: Groups of failures.
        errors_per_gradient: Failures in a group.
        reasons_per_gradient: Reasons asked of each group.
        steps_per_gradient: Edits against each reason.
        paraphrases: Paraphrases of each edit.
    """

    name = "gradient"
    needs = NEEDS_TRAIN

    gradients: int = 4
    errors_per_gradient: int = 4
    reasons_per_gradient: int = 1
    steps_per_gradient: int = 1
    paraphrases: int = 2

    @property
    def calls(self) -> int:
        edits = self.gradients * self.reasons_per_gradient * self.steps_per_gradient
        return CALLS_PER_ASK * (self.gradients + edits + edits * self.paraphrases)

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        """Each stage ends before the next begins, so that random draws do not depend on who answers first."""
        if not request.failures:
            return []
        prompt = main_instruction(request)
        size = min(self.errors_per_gradient, len(request.failures))
        groups = [tuple(request.rng.sample(request.failures, size)) for _ in range(self.gradients)]
        replies = await gather_all(
            team.act(FindReasons(prompt=prompt, failures=group, count=self.reasons_per_gradient)) for group in groups
        )
        reasons: list[tuple[str, tuple[Case, ...]]] = [
            (reason, group)
            for group, reply in zip(groups, replies, strict=True)
            if reply is not None
            for reason in reply.reasons[: self.reasons_per_gradient]
            for _ in range(self.steps_per_gradient)
        ]
        task, hints = task_description(request.task), user_guidance(request)
        edited = await gather_all(
            team.act(EditPrompt(task=task, prompt=prompt, reason=reason, failures=group, hints=hints))
            for reason, group in reasons
        )
        edits = [
            (reply.prompt, reason) for reply, (reason, _) in zip(edited, reasons, strict=True) if reply is not None
        ]
        to_paraphrase = [(text, reason) for text, reason in edits for _ in range(self.paraphrases)]
        paraphrases: list[PromptReply | None] = await gather_all(
            team.act(ParaphrasePrompt(prompt=text)) for text, _ in to_paraphrase
        )
        edits += [
            (reply.prompt, reason)
            for reply, (_, reason) in zip(paraphrases, to_paraphrase, strict=True)
            if reply is not None
        ]
        return deduplicate(with_instruction(request, text, reason) for text, reason in edits)
