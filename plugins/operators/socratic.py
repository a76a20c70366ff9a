"""MARS (arXiv 2503.16874): a teacher asks, a critic judges the questions, a student answers with a new prompt.

The steps are functions, so that a graph can run them one by one; `Socratic.propose` runs them in order. All three see
the examples of the request with their references. The team's evidence setting decides who sees failures: as published
nobody does.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from ...agents.asks.common import AnswerQuestions, AskQuestions, JudgeQuestions
from ...agents.asks.replies import JudgementReply
from ...core.asks import CALLS_PER_ASK, Case
from ...core.protocols import NEEDS_NOTHING, Team
from ...core.search_types import Proposal, Request, WorkOrder
from ..algorithms.llm_helpers import (
    case_count,
    main_instruction,
    sample_cases,
    task_description,
    user_guidance,
    with_instruction,
)

# As in the paper.
MAX_QUESTIONS = 2
# Enough to see a pattern without filling a small context; capable models read many more.
MAX_FAILURES, MAX_EXAMPLES = 4, 3


async def ask_questions(
    request: Request, team: Team, suggestion: str = "", *, rejected: Sequence[str] = ()
) -> tuple[str, ...]:
    """The teacher's questions, at most two; none if the reply cannot be parsed. asked: the rejected ones."""
    reply = await team.act(
        AskQuestions(
            task=task_description(request.task),
            prompt=main_instruction(request),
            step=request.order.plan_step,
            asked=tuple(rejected),
            suggestion=suggestion,
            rows=_visible_examples(request),
            failures=_visible_failures(request),
            hints=user_guidance(request),
        )
    )
    return reply.questions[:MAX_QUESTIONS] if reply is not None else ()


async def judge_questions(request: Request, questions: Sequence[str], team: Team) -> JudgementReply | None:
    """The critic's judgement of the questions; None if it cannot be parsed."""
    return await team.act(
        JudgeQuestions(
            questions=tuple(questions),
            task=task_description(request.task),
            prompt=main_instruction(request),
            step=request.order.plan_step,
            rows=_visible_examples(request),
            failures=_visible_failures(request),
        )
    )


def revision_advice(verdict: JudgementReply | None) -> str | None:
    """The advice with which questions are rejected (empty if the critic only said no); None if they are accepted.

    A judgement that cannot be parsed rejects nothing.
    """
    return None if verdict is None or verdict.accepted else verdict.suggestion


def can_afford_another(order: WorkOrder, asks_made: int) -> bool:
    """Whether the order's allowance, after so many asks, pays for one more and for the student's.

    A reduced allowance should still end in a prompt.
    """
    return order.allowance is None or (asks_made + 2) * CALLS_PER_ASK <= order.allowance


async def answer_questions(request: Request, team: Team, questions: Sequence[str]) -> Proposal | None:
    """The student's new prompt; its rationale is the questions."""
    reply = await team.act(
        AnswerQuestions(
            task=task_description(request.task),
            prompt=main_instruction(request),
            questions=tuple(questions),
            step=request.order.plan_step,
            rows=_visible_examples(request),
            failures=_visible_failures(request),
            hints=user_guidance(request),
        )
    )
    return with_instruction(request, reply.prompt, " ".join(questions)) if reply is not None else None


class Socratic:
    """Teacher, critic, the teacher again if the critic rejects (not judged again), then the student.

    Where the calls do not pay for all steps, the student's comes first.
    """

    name = "socratic"
    needs = NEEDS_NOTHING
    calls = 4 * CALLS_PER_ASK

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        questions = await ask_questions(request, team)
        if not questions:
            return []
        advice = (
            revision_advice(await judge_questions(request, questions, team))
            if can_afford_another(request.order, 1)
            else None
        )
        if advice is not None and can_afford_another(request.order, 2):
            questions = await ask_questions(request, team, advice, rejected=questions) or questions
        proposal = await answer_questions(request, team, questions)
        return [proposal] if proposal is not None else []


def _visible_failures(request: Request) -> tuple[Case, ...]:
    """The same failures at every step, in order; sampling would make the steps depend on each other."""
    return request.failures[: case_count(request, None, MAX_FAILURES)]


def _visible_examples(request: Request) -> tuple[Case, ...]:
    """Labelled examples, the same for all three: the request's own draws stay as they are."""
    rng = Random()
    rng.setstate(request.rng.getstate())
    return sample_cases(request.train, case_count(request, None, MAX_EXAMPLES), rng)
