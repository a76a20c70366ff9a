"""PE2 (arXiv 2311.05661): failures are inspected one by one, then the prompt is refined from that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...agents.asks.replies import PromptReply, TextReply
from ...core.asks import CALLS_PER_ASK, Ask, Case, ScoredPrompt
from ...core.dataset import Example
from ...core.prompt import Prompt
from ...core.protocols import NEEDS_TRAIN, Team
from ...core.render import messages_as_text, render
from ...core.search_types import Proposal, Request
from ..algorithms.ancestry import edit_rationales, scored_ancestry
from ..algorithms.llm_helpers import main_instruction, rewrite_with_model, sample_items, task_description, user_guidance


class ExamineCases(Ask[TextReply]):
    """Case by case: is the output right, does the prompt describe the task, does it need an edit, and which.

    `layout` is the whole message around the prompt, to show where the input goes.
    """

    role = "critic"
    skill = "examine"
    reply = TextReply
    reads = {"cases": "errors"}
    task: str
    prompt: str
    layout: str = ""
    cases: tuple[Case, ...] = ()


class RefinePrompt(Ask[PromptReply]):
    """The prompt after its examination, whose text is passed on unchanged.

    `step` says how many words may change. `history` holds the prompts it descends from, with scores; `momentum` the
    reasons of the last edits.
    """

    role = "student"
    skill = "refine"
    reply = PromptReply
    reads = {"history": "history", "momentum": "history", "hints": "hints"}
    task: str
    prompt: str
    examination: str
    step: str = ""
    history: tuple[ScoredPrompt, ...] = ()
    momentum: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()


# About 600 tokens, for small optimizer models: leaves space in their context for the prompt and its rewrite.
_MAX_INSPECTION_CHARACTERS = 2400


@dataclass(kw_only=True)
class FailureInspection:
    """Inspects failures, then refines the prompt.

    The rationale of a proposal is the inspection. Without failures there is no proposal.

    Args:
        errors: Failures per question.
        step: Words that may change at most; 0 for any number.
        history: Earlier prompts of the line shown with their scores.
        momentum: Rationales of earlier edits that are shown.
        count: Refinements per inspection.
    """

    name = "examine"
    needs = NEEDS_TRAIN

    errors: int = 2
    step: int = 0
    history: int = 0
    momentum: int = 0
    count: int = 1

    @property
    def calls(self) -> int:
        return CALLS_PER_ASK * (1 + self.count)

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        if not request.failures:
            return []
        task, prompt = task_description(request.task), main_instruction(request)
        cases = sample_items(request.failures, self.errors, request.rng)
        layout = prompt_layout(request.parents[0].program.main)
        examined = await team.act(ExamineCases(task=task, prompt=prompt, layout=layout, cases=cases))
        if examined is None:
            return []
        ask = RefinePrompt(
            task=task,
            prompt=prompt,
            examination=examined.text if request.capable else examined.text[:_MAX_INSPECTION_CHARACTERS],
            step=f"Change at most {self.step} words." if self.step else "",
            history=scored_ancestry(request, self.history),
            momentum=edit_rationales(request, self.momentum),
            hints=user_guidance(request),
        )
        return await rewrite_with_model(request, team, ask, examined.text, count=self.count)


def prompt_layout(prompt: Prompt) -> str:
    """The whole message the model receives, with a mark for the input and without demos."""
    fields = {name: f"({name})" for name in prompt.placeholders}
    return messages_as_text(render(prompt.with_(demos=()), Example(input=fields or "(input)")))
