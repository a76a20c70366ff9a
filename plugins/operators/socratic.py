"""MARS (arXiv 2503.16874): a teacher asks, a critic judges the questions, a student answers with a new prompt.

The steps are functions, so that a graph can walk them one by one; `Socratic.propose` walks them in order.
Who sees failures is the team's evidence: as published nobody here does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ...core.contracts import Need, Proposal, Request, Team
from ...core.dialogue import AnswerQuestions, AskQuestions, Case, JudgementReply, JudgeQuestions
from .rewording import CALLS_PER_ASK, about, hints_of, instruction_of, reworded

QUESTIONS = 2
ERRORS = 4


async def ask_questions(request: Request, team: Team, suggestion: str = "") -> tuple[str, ...]:
    """The teacher's questions, at most two; none where they could not be read."""
    reply = await team.act(
        AskQuestions(
            task=about(request.task),
            prompt=instruction_of(request),
            step=request.order.plan_step,
            suggestion=suggestion,
            failures=_shown(request),
            hints=hints_of(request),
        )
    )
    return reply.questions[:QUESTIONS] if reply is not None else ()


async def judge(questions: Sequence[str], team: Team) -> JudgementReply | None:
    """The critic's verdict on the questioning; None where it could not be read."""
    return await team.act(JudgeQuestions(questions=tuple(questions)))


async def answer(request: Request, team: Team, questions: Sequence[str]) -> Proposal | None:
    """The student's new prompt; the rationale is what was asked."""
    reply = await team.act(
        AnswerQuestions(
            task=about(request.task),
            prompt=instruction_of(request),
            questions=tuple(questions),
            failures=_shown(request),
            hints=hints_of(request),
        )
    )
    return reworded(request, reply.prompt, " ".join(questions)) if reply is not None else None


@dataclass(kw_only=True)
class Socratic:
    """Teacher, critic, the teacher once more where the critic says no (not judged again), student."""

    name: str = field(default="socratic", init=False)
    needs: frozenset[Need] = field(default=frozenset(), init=False)
    calls: int = field(default=4 * CALLS_PER_ASK, init=False)

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        questions = await ask_questions(request, team)
        if not questions:
            return []
        verdict = await judge(questions, team)
        if verdict is not None and not verdict.accepted:
            questions = await ask_questions(request, team, verdict.suggestion) or questions
        proposal = await answer(request, team, questions)
        return [proposal] if proposal is not None else []


def _shown(request: Request) -> tuple[Case, ...]:
    """The same failures at every step, in the order they came in; drawing would cost the steps their independence."""
    return request.failures[:ERRORS]
