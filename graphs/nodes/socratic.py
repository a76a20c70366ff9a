"""Teacher → critic ↺ → student: the Socratic dialogue of MARS (arXiv 2503.16874) as a graph of its own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
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
from ..run_team import writing_team
from ..state import Draft, ProposeState
from .plan import plans_edits
from .propose import emit_request_started, operator_request, store_drafts


class SocraticState(ProposeState, total=False):
    """One dialogue: its order, and what was said so far.

    advice: why the critic sent the questions back, None where it accepted them. said: questions to models so far, of
    all three roles.
    """

    questions: list[str]
    advice: str | None
    said: int
    drafts: list[Draft]
    unpaid: list[int]


class DialogueOutput(TypedDict):
    """What the dialogue returns to the run's state."""

    drafts: list[Draft]
    unpaid: list[int]


SocraticTurn = Callable[[SocraticState], Awaitable[dict[str, Any]]]


def socratic_graph(contexts: RunContexts) -> StateGraph[SocraticState, Any, ProposeState, DialogueOutput]:
    """The teacher asks; the critic judges the questions once; the teacher may ask once more; the student answers."""

    async def open_turn(state: SocraticState) -> tuple[RunContext, Request, Team]:
        """Each turn has a team of its own, which gets what the turns before it left of the order's calls."""
        context = await contexts.context_for(state)
        request = operator_request(context, state)
        if plans_edits(context) and not request.capable:
            # Small authors see no examples beside edits, which is how they were measured.
            request = replace(request, train=())
        most = request.order.allowance
        allowance = None if most is None else most - CALLS_PER_ASK * state.get("said", 0)
        return context, request, writing_team(context, state, allowance, first_skill=AskQuestions.skill)

    async def teacher(state: SocraticState) -> dict[str, Any]:
        context, request, team = await open_turn(state)
        await emit_request_started(context, request.order, state["step"], state["place"])
        earlier, ask_count = state.get("questions", []), state.get("said", 0) + 1
        try:
            questions = await ask_questions(request, team, state.get("advice") or "", rejected=earlier)
        except BudgetSpent:
            return {"questions": earlier, "said": ask_count, "unpaid": [state["place"]]}
        return {"questions": list(questions) or earlier, "said": ask_count}

    async def critic(state: SocraticState) -> dict[str, Any]:
        _, request, team = await open_turn(state)
        ask_count = state["said"] + 1
        try:
            verdict = await judge_questions(request, state["questions"], team)
            return {"advice": revision_advice(verdict), "said": ask_count}
        except BudgetSpent:
            return {"advice": None, "said": ask_count, "unpaid": [state["place"]]}

    async def student(state: SocraticState) -> dict[str, Any]:
        context, request, team = await open_turn(state)
        proposal, unpaid = None, state.get("unpaid", [])
        try:
            if state["questions"]:
                proposal = await answer_questions(request, team, state["questions"])
        except BudgetSpent:
            unpaid = [state["place"]]
        proposals = [] if proposal is None else [proposal]
        drafts = await store_drafts(context, proposals, request.order, state["step"], state["place"])
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
        graph.add_node(turn.__name__, _turn_node(contexts, turn))
    graph.add_edge(START, "teacher")
    graph.add_conditional_edges("teacher", after_teacher, ["critic", "student"])
    graph.add_conditional_edges("critic", after_critic, ["teacher", "student"])
    graph.add_edge("student", END)
    return graph


def _parse_order(state: SocraticState) -> WorkOrder:
    return WorkOrder.model_validate(state["order"])


def _turn_node(
    contexts: RunContexts, turn: SocraticTurn
) -> Any:  # langgraph's overloads do not resolve for a node made by a function
    """A turn that waits while the run is paused, and whose failure ends the run as any node's does."""

    async def run(state: SocraticState) -> dict[str, Any]:
        async with contexts.node_context(state) as context:
            await wait_while_paused(context, state)
            return await turn(state)

    return run
