"""Critique, then synthesis: what is wrong, and a prompt without it (PromptWizard, arXiv 2405.18369)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...agents.asks.replies import PromptReply, TextReply
from ...core.asks import CALLS_PER_ASK, Ask, Case
from ...core.protocols import NEEDS_TRAIN, Team
from ...core.search_types import Proposal, Request
from ..algorithms.ancestry import ancestor_instructions
from ..algorithms.llm_helpers import (
    case_count,
    main_instruction,
    rewrite_with_model,
    sample_items,
    task_description,
    user_guidance,
)


class CritiquePrompt(Ask[TextReply]):
    """What the prompt gets wrong on these cases; if it got none wrong, what it could state better."""

    role = "critic"
    skill = "critique"
    reply = TextReply
    reads = {"failures": "errors", "successes": "errors"}
    prompt: str
    failures: tuple[Case, ...] = ()
    successes: tuple[Case, ...] = ()
    task: str = ""


class SynthesizePrompt(Ask[PromptReply]):
    """A new prompt from the old one and its critique.

    With a trajectory, from the prompts that led there too (PromptAgent, arXiv 2310.16427).
    """

    role = "student"
    skill = "synthesize"
    reply = PromptReply
    reads = {"failures": "errors", "trajectory": "history", "hints": "hints"}
    task: str
    prompt: str
    critique: str
    failures: tuple[Case, ...] = ()
    trajectory: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()


_SMALL_ROWS = 4


@dataclass(kw_only=True)
class CritiqueAndSynthesis:
    """A critic comments on right and wrong answers; the student writes `count` prompts from the critique.

    The original shows its critic only the question and the reference. Without any run there is no proposal.

    Args:
        rows: Failures shown, and successes shown, at most; by default 32, for small optimizer models 4.
        count: Prompts per order.
        trajectory: Earlier prompts of the line that the student sees (PromptAgent, arXiv 2310.16427).
    """

    name = "critique"
    needs = NEEDS_TRAIN

    rows: int | None = None
    count: int = 1
    trajectory: int = 0

    @property
    def calls(self) -> int:
        return CALLS_PER_ASK * (1 + self.count)

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        most = case_count(request, self.rows, _SMALL_ROWS)
        failures = sample_items(request.failures, most, request.rng)
        successes = sample_items(request.successes, most, request.rng)
        if not failures and not successes:
            return []
        prompt = main_instruction(request)
        # Beside failures, one success shows the required format, and a capable critic sees by more what must not be
        # lost; without failures, successes are the only evidence.
        beside = max(1, most - len(failures)) if request.capable else 1
        shown_successes = successes[:beside] if failures else successes
        task = task_description(request.task)
        critique = await team.act(
            CritiquePrompt(prompt=prompt, failures=failures, successes=shown_successes, task=task)
        )
        if critique is None:
            return []
        ask = SynthesizePrompt(
            task=task,
            prompt=prompt,
            critique=critique.text,
            failures=failures,
            trajectory=ancestor_instructions(request, self.trajectory),
            hints=user_guidance(request),
        )
        return await rewrite_with_model(request, team, ask, critique.text, count=self.count)
