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

# As published.
_GROUP_SIZE = 4


@dataclass(kw_only=True)
class TextualGradient:
    """Finds reasons for failures, edits the prompt against each, and paraphrases the edits.

    The rationale of a proposal is the reason. Without failures there is no proposal.

    Args:
        gradients: Groups of failures.
        errors_per_gradient: Failures in a group. A capable critic sees twice as many if the option is not set.
        reasons_per_gradient: Reasons asked of each group.
        steps_per_gradient: Edits against each reason.
        paraphrases: Paraphrases of each edit.
    """

    name = "gradient"
    needs = NEEDS_TRAIN

    gradients: int = 4
    errors_per_gradient: int | None = None
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
        # Groups stay smaller than all failures: their reasons should differ.
        most = self.errors_per_gradient or (2 * _GROUP_SIZE if request.capable else _GROUP_SIZE)
        size = min(most, len(request.failures))
        groups = [tuple(request.rng.sample(request.failures, size)) for _ in range(self.gradients)]
        task, hints = task_description(request.task), user_guidance(request)
        replies = await gather_all(
            team.act(FindReasons(prompt=prompt, failures=group, count=self.reasons_per_gradient, task=task))
            for group in groups
        )
        reasons: list[tuple[str, tuple[Case, ...]]] = [
            (reason, group)
            for group, reply in zip(groups, replies, strict=True)
            if reply is not None
            for reason in reply.reasons[: self.reasons_per_gradient]
            for _ in range(self.steps_per_gradient)
        ]
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
