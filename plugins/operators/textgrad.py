"""TextGrad (arXiv 2406.07496): feedback on each answer, propagated back to the prompt, summed into one rewrite."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...agents.asks.replies import PromptReply, TextReply
from ...core.asks import CALLS_PER_ASK, Ask, Case
from ...core.protocols import NEEDS_TRAIN, Team
from ...core.search_types import Proposal, Request
from ..algorithms.ancestry import ancestor_instructions
from ..algorithms.llm_helpers import (
    gather_all,
    main_instruction,
    rewrite_with_model,
    sample_items,
    task_description,
    user_guidance,
)


class FeedbackOnAnswer(Ask[TextReply]):
    """The gradient of the loss with respect to one answer: how it should differ."""

    role = "critic"
    skill = "answer-feedback"
    reply = TextReply
    reads = {"cases": "errors"}
    task: str
    cases: tuple[Case, ...] = ()


class FeedbackOnPrompt(Ask[TextReply]):
    """The chain rule: from feedback on one answer to feedback on the prompt that led to it."""

    role = "critic"
    skill = "prompt-feedback"
    reply = TextReply
    reads = {"cases": "errors"}
    prompt: str
    feedback: str
    cases: tuple[Case, ...] = ()


class ApplyFeedback(Ask[PromptReply]):
    """Take one step against the sum of the feedback. `momentum` holds the prompts it descends from, oldest first."""

    role = "student"
    skill = "apply-feedback"
    reply = PromptReply
    reads = {"momentum": "history", "hints": "hints"}
    task: str
    prompt: str
    feedback: tuple[str, ...]
    momentum: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()


@dataclass(kw_only=True)
class TextGrad:
    """One textual gradient step: feedback on failed answers, then on the prompt, then a rewrite.

    The rationale of a proposal is the summed feedback. An example whose feedback cannot be parsed is left out of the
    sum. Without failures there is no proposal.

    Args:
        rows: Failed examples per step, at most; a right answer gives no gradient.
        momentum: Earlier prompts of the line that the last question shows, so that a step continues their direction.
    """

    name = "backprop"
    needs = NEEDS_TRAIN

    rows: int = 3
    momentum: int = 0

    @property
    def calls(self) -> int:
        return CALLS_PER_ASK * (2 * self.rows + 1)

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        """Each stage ends before the next begins, so that random draws do not depend on who answers first."""
        failures = sample_items(request.failures, self.rows, request.rng)
        if not failures:
            return []
        task, prompt = task_description(request.task), main_instruction(request)
        answers = await gather_all(team.act(FeedbackOnAnswer(task=task, cases=(case,))) for case in failures)
        answer_feedback: list[tuple[Case, str]] = [
            (case, reply.text) for case, reply in zip(failures, answers, strict=True) if reply is not None
        ]
        carried = await gather_all(
            team.act(FeedbackOnPrompt(prompt=prompt, feedback=text, cases=(case,))) for case, text in answer_feedback
        )
        gradients = tuple(dict.fromkeys(reply.text for reply in carried if reply is not None))
        if not gradients:
            return []
        ask = ApplyFeedback(
            task=task,
            prompt=prompt,
            feedback=gradients,
            momentum=ancestor_instructions(request, self.momentum),
            hints=user_guidance(request),
        )
        return await rewrite_with_model(request, team, ask, " ".join(gradients))
