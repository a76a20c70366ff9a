"""Teacher → critic ↺ → student: the Socratic dialogue of MARS (arXiv 2503.16874) as a graph of its own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Literal

from langgraph.graph import END, START, StateGraph
from typing_extensions import TypedDict

from ..agents.team import CALLS_PER_ASK
from ..core.contracts import Team
from ..core.dialogue.methods import AskQuestions
from ..core.errors import BudgetSpent
from ..core.orders import Order, Request
from ..plugins.operators.socratic import answer, ask_questions, judge, sent_back, spares
from . import proposing
from .desk import Desk
from .session import Session
from .state import Draft, ProposeState
from .steering.pause import hold


class Dialogue(ProposeState, total=False):
    """One dialogue: the errand, and what was said so far.

    advice: what the questions were sent back with, None where they stand. said: asks so far, of all three.
    """

    questions: list[str]
    advice: str | None
    said: int
    drafts: list[Draft]
    unpaid: list[int]


class Spoken(TypedDict):
    drafts: list[Draft]
    unpaid: list[int]


Turn = Callable[[Dialogue], Awaitable[dict[str, Any]]]


def socratic_graph(desk: Desk) -> StateGraph[Dialogue, Any, ProposeState, Spoken]:
    """The teacher asks; the critic judges the questioning once; the teacher may ask once more; the student answers."""

    async def at(state: Dialogue) -> tuple[Session, Request, Team]:
        """Each turn has a team of its own: it gets what the turns before it left of the order's calls."""
        session = await desk.session(state)
        request = proposing.request_of(session, state)
        most = request.order.allowance
        left = None if most is None else most - CALLS_PER_ASK * state.get("said", 0)
        return session, request, session.writers(state, left, begun=AskQuestions.skill)

    async def teacher(state: Dialogue) -> dict[str, Any]:
        session, request, team = await at(state)
        await proposing.begin(session, request.order, state["step"], state["place"])
        before, said = state.get("questions", []), state.get("said", 0) + 1
        try:
            questions = await ask_questions(request, team, state.get("advice") or "", asked=before)
        except BudgetSpent:
            return {"questions": before, "said": said, "unpaid": [state["place"]]}
        return {"questions": list(questions) or before, "said": said}

    async def critic(state: Dialogue) -> dict[str, Any]:
        _, _, team = await at(state)
        said = state["said"] + 1
        try:
            return {"advice": sent_back(await judge(state["questions"], team)), "said": said}
        except BudgetSpent:
            return {"advice": None, "said": said, "unpaid": [state["place"]]}

    async def student(state: Dialogue) -> dict[str, Any]:
        session, request, team = await at(state)
        proposal, unpaid = None, state.get("unpaid", [])
        try:
            proposal = await answer(request, team, state["questions"]) if state["questions"] else None
        except BudgetSpent:
            unpaid = [state["place"]]
        made = [proposal] if proposal is not None else []
        drafts = await proposing.hand_in(session, made, request.order, state["step"], state["place"])
        return {"drafts": drafts, "unpaid": unpaid}

    def after_teacher(state: Dialogue) -> Literal["critic", "student"]:
        first = state["said"] == 1 and not state.get("unpaid")
        return "critic" if first and state["questions"] and spares(_order(state), 1) else "student"

    def after_critic(state: Dialogue) -> Literal["teacher", "student"]:
        return "teacher" if state["advice"] is not None and spares(_order(state), 2) else "student"

    graph: StateGraph[Dialogue, Any, ProposeState, Spoken] = StateGraph(
        Dialogue, input_schema=ProposeState, output_schema=Spoken
    )
    for turn in (teacher, critic, student):
        graph.add_node(turn.__name__, _held(desk, turn))
    graph.add_edge(START, "teacher")
    graph.add_conditional_edges("teacher", after_teacher, ["critic", "student"])
    graph.add_conditional_edges("critic", after_critic, ["teacher", "student"])
    graph.add_edge("student", END)
    return graph


def _order(state: Dialogue) -> Order:
    return Order.model_validate(state["order"])


def _held(desk: Desk, turn: Turn) -> Any:  # langgraph's overloads do not resolve for a node made by a function
    """A turn that waits while the run is paused, and whose failure ends the run as any node's does."""

    async def speak(state: Dialogue) -> dict[str, Any]:
        async with desk.at_work(state) as session:
            await hold(session, state)
            return await turn(state)

    return speak
