"""Teacher → critic ↺ → student: the Socratic dialogue of MARS (arXiv 2503.16874) as a graph of its own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Literal

from langgraph.graph import END, START, StateGraph
from typing_extensions import TypedDict

from ...agents.asks.common import AskQuestions
from ...core.asks import CALLS_PER_ASK
from ...core.errors import BudgetSpent
from ...core.protocols import Team
from ...core.search_types import Request, WorkOrder
from ...plugins.operators.socratic import (
    answer_questions,
    ask_questions,
    can_afford_another,
    judge_questions,
    revision_advice,
)
from ..directives.pause import wait_while_paused
from ..run_context import RunContext
from ..run_lifecycle import RunContexts
from ..state import Draft, ProposeState
from . import propose as proposing


class SocraticState(ProposeState, total=False):
    """One dialogue: the errand, and what was said so far.

    advice: what the questions were sent back with, None where they stand. said: asks so far, of all three.
    """

    questions: list[str]
    advice: str | None
    said: int
    drafts: list[Draft]
    unpaid: list[int]


class DialogueOutput(TypedDict):
    drafts: list[Draft]
    unpaid: list[int]


SocraticTurn = Callable[[SocraticState], Awaitable[dict[str, Any]]]


def socratic_graph(desk: RunContexts) -> StateGraph[SocraticState, Any, ProposeState, DialogueOutput]:
    """The teacher asks; the critic judges the questioning once; the teacher may ask once more; the student answers."""

    async def at(state: SocraticState) -> tuple[RunContext, Request, Team]:
        """Each turn has a team of its own: it gets what the turns before it left of the order's calls."""
        session = await desk.context_for(state)
        request = proposing.operator_request(session, state)
        most = request.order.allowance
        left = None if most is None else most - CALLS_PER_ASK * state.get("said", 0)
        return session, request, session.writing_team(state, left, begun=AskQuestions.skill)

    async def teacher(state: SocraticState) -> dict[str, Any]:
        session, request, team = await at(state)
        await proposing.emit_request_started(session, request.order, state["step"], state["place"])
        before, said = state.get("questions", []), state.get("said", 0) + 1
        try:
            questions = await ask_questions(request, team, state.get("advice") or "", rejected=before)
        except BudgetSpent:
            return {"questions": before, "said": said, "unpaid": [state["place"]]}
        return {"questions": list(questions) or before, "said": said}

    async def critic(state: SocraticState) -> dict[str, Any]:
        _, _, team = await at(state)
        said = state["said"] + 1
        try:
            return {"advice": revision_advice(await judge_questions(state["questions"], team)), "said": said}
        except BudgetSpent:
            return {"advice": None, "said": said, "unpaid": [state["place"]]}

    async def student(state: SocraticState) -> dict[str, Any]:
        session, request, team = await at(state)
        proposal, unpaid = None, state.get("unpaid", [])
        try:
            proposal = await answer_questions(request, team, state["questions"]) if state["questions"] else None
        except BudgetSpent:
            unpaid = [state["place"]]
        made = [proposal] if proposal is not None else []
        drafts = await proposing.store_drafts(session, made, request.order, state["step"], state["place"])
        return {"drafts": drafts, "unpaid": unpaid}

    def after_teacher(state: SocraticState) -> Literal["critic", "student"]:
        first = state["said"] == 1 and not state.get("unpaid")
        return "critic" if first and state["questions"] and can_afford_another(_parse_order(state), 1) else "student"

    def after_critic(state: SocraticState) -> Literal["teacher", "student"]:
        return "teacher" if state["advice"] is not None and can_afford_another(_parse_order(state), 2) else "student"

    graph: StateGraph[SocraticState, Any, ProposeState, DialogueOutput] = StateGraph(
        SocraticState, input_schema=ProposeState, output_schema=DialogueOutput
    )
    for turn in (teacher, critic, student):
        graph.add_node(turn.__name__, _turn_node(desk, turn))
    graph.add_edge(START, "teacher")
    graph.add_conditional_edges("teacher", after_teacher, ["critic", "student"])
    graph.add_conditional_edges("critic", after_critic, ["teacher", "student"])
    graph.add_edge("student", END)
    return graph


def _parse_order(state: SocraticState) -> WorkOrder:
    return WorkOrder.model_validate(state["order"])


def _turn_node(
    desk: RunContexts, turn: SocraticTurn
) -> Any:  # langgraph's overloads do not resolve for a node made by a function
    """A turn that waits while the run is paused, and whose failure ends the run as any node's does."""

    async def speak(state: SocraticState) -> dict[str, Any]:
        async with desk.node_context(state) as session:
            await wait_while_paused(session, state)
            return await turn(state)

    return speak
