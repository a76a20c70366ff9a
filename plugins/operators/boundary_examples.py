"""Boundary examples and the prompt rewrite that learns from them (IPC, arXiv 2402.03099)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from ...agents.asks.replies import PromptReply, TextReply
from ...core.answer import AnswerContract
from ...core.asks import CALLS_PER_ASK, Ask, Case, ScoredPrompt
from ...core.protocols import NEEDS_NOTHING, NEEDS_TRAIN, Team
from ...core.search_types import NewExample, Proposal, Request
from ..algorithms.example_generation import generate_examples, max_generation_calls
from ..algorithms.llm_helpers import main_instruction, rewrite_with_model, sample_items, task_description, user_guidance


class AnalyseErrors(Ask[TextReply]):
    """What a confusion matrix and some errors reveal about a prompt."""

    role = "critic"
    skill = "confusion"
    reply = TextReply
    reads = {"matrix": "errors", "failures": "errors"}
    task: str
    prompt: str
    matrix: str
    failures: tuple[Case, ...] = ()


class StepPrompt(Ask[PromptReply]):
    """The next prompt, from earlier ones with their scores and the analysis of the last."""

    role = "student"
    skill = "calibrate"
    reply = PromptReply
    reads = {"history": "history", "hints": "hints"}
    task: str
    prompt: str
    history: tuple[ScoredPrompt, ...] = ()
    analysis: str
    hints: tuple[str, ...] = ()


_UNREADABLE = "(unreadable)"
# A few cases show the kind of example; more would crowd the prompt out of a small context.
_MAX_SHOWN = 4


@dataclass(kw_only=True)
class BoundaryExamples:
    """Generates hard new examples for val and train in turn, given what the parent got wrong.

    Args:
        count: Examples per order.
    """

    name = "boundary-rows"
    needs = NEEDS_NOTHING

    count: int = 10

    @property
    def calls(self) -> int:
        return max_generation_calls(self.count)

    async def propose(self, request: Request, team: Team) -> Sequence[NewExample]:
        recent = request.train[-_MAX_SHOWN:]
        return await generate_examples(
            team,
            request.task,
            main_instruction(request),
            self.count,
            splits=("val", "train"),
            rows=[Case(input=row.text, expected=row.output or "") for row in recent],
            failures=request.failures[-_MAX_SHOWN:],
            known_inputs=[row.text for row in request.examples.values()],
        )


@dataclass(kw_only=True)
class ConfusionCalibration:
    """Analyses the confusion matrix and some errors, then rewrites the prompt from the analysis.

    Args:
        history: Earlier prompts with their scores that are shown.
    """

    name = "calibrate"
    needs = NEEDS_TRAIN
    calls = 2 * CALLS_PER_ASK

    history: int = 4

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        matrix = confusion_matrix([*request.failures, *request.successes], request.task.answer)
        if not matrix:
            return []
        task, prompt = task_description(request.task), main_instruction(request)
        failures = sample_items(request.failures, _MAX_SHOWN, request.rng)
        analysis = await team.act(AnalyseErrors(task=task, prompt=prompt, matrix=matrix, failures=failures))
        if analysis is None:
            return []
        past = request.history[-self.history :]
        ask = StepPrompt(task=task, prompt=prompt, history=past, analysis=analysis.text, hints=user_guidance(request))
        return await rewrite_with_model(request, team, ask, analysis.text)


def confusion_matrix(cases: Sequence[Case], contract: AnswerContract) -> str:
    """`expected → given: count`, errors first, answers as the contract parses them. Empty without cases."""
    pairs = Counter((case.expected, contract.read_answer(case.output) or _UNREADABLE) for case in cases)
    ordered = sorted(pairs.items(), key=lambda entry: (entry[0][0] == entry[0][1], -entry[1], entry[0]))
    return "\n".join(f"{expected:.40} → {answer:.40}: {count}" for (expected, answer), count in ordered[:12])
