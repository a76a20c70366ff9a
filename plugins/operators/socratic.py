"""MARS (arXiv 2503.16874): a teacher asks, a critic judges the questions, a student answers with a new prompt.

The steps are functions, so that a graph can walk them one by one; `Socratic.propose` walks them in order.
Who sees failures is the team's evidence: as published nobody here does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ...agents.asks.common import AnswerQuestions, AskQuestions, JudgeQuestions
from ...agents.asks.replies import JudgementReply
from ...core.asks import Case
from ...core.protocols import Need, Team
from ...core.search_types import Proposal, Request, WorkOrder
from ..algorithms.llm_helpers import CALLS_PER_ASK, main_instruction, task_description, user_guidance, with_instruction

MAX_QUESTIONS = 2
MAX_FAILURES = 4


async def ask_questions(
    request: Request, team: Team, suggestion: str = "", *, asked: Sequence[str] = ()
) -> tuple[str, ...]:
    """The teacher's questions, at most two; none where they could not be read. asked: those that were sent back."""
    reply = await team.act(
        AskQuestions(
            task=task_description(request.task),
            prompt=main_instruction(request),
            step=request.order.plan_step,
            asked=tuple(asked),
            suggestion=suggestion,
            failures=_visible_failures(request),
            hints=user_guidance(request),
        )
    )
    return reply.questions[:MAX_QUESTIONS] if reply is not None else ()


async def judge_questions(questions: Sequence[str], team: Team) -> JudgementReply | None:
    """The critic's verdict on the questioning; None where it could not be read."""
    return await team.act(JudgeQuestions(questions=tuple(questions)))


def revision_advice(verdict: JudgementReply | None) -> str | None:
    """The advice that questions are sent back with, empty where the critic only said no; None where they stand. A
    verdict that could not be read sends nothing back."""
    return None if verdict is None or verdict.accepted else verdict.suggestion


def can_afford_another(order: WorkOrder, said: int) -> bool:
    """Whether the order's share of the calls, after so many asks, pays for one more and for the student's after it:
    a share that was cut should still end in a prompt."""
    return order.allowance is None or (said + 2) * CALLS_PER_ASK <= order.allowance


async def answer_questions(request: Request, team: Team, questions: Sequence[str]) -> Proposal | None:
    """The student's new prompt; the rationale is what was asked."""
    reply = await team.act(
        AnswerQuestions(
            task=task_description(request.task),
            prompt=main_instruction(request),
            questions=tuple(questions),
            failures=_visible_failures(request),
            hints=user_guidance(request),
        )
    )
    return with_instruction(request, reply.prompt, " ".join(questions)) if reply is not None else None


@dataclass(kw_only=True)
class Socratic:
    """Teacher, critic, the teacher once more where the critic says no (not judged again), student. Where the calls do
    not pay for all, the student's comes first."""

    name: str = field(default="socratic", init=False)
    needs: frozenset[Need] = field(default=frozenset(), init=False)
    calls: int = field(default=4 * CALLS_PER_ASK, init=False)

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        questions = await ask_questions(request, team)
        if not questions:
            return []
        advice = (
            revision_advice(await judge_questions(questions, team)) if can_afford_another(request.order, 1) else None
        )
        if advice is not None and can_afford_another(request.order, 2):
            questions = await ask_questions(request, team, advice, asked=questions) or questions
        proposal = await answer_questions(request, team, questions)
        return [proposal] if proposal is not None else []


def _visible_failures(request: Request) -> tuple[Case, ...]:
    """The same failures at every step, in the order they came in; drawing would cost the steps their independence."""
    return request.failures[:MAX_FAILURES]
