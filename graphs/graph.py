"""The state machine: DESIGN's nodes as one LangGraph, and who may go where.

prepare → steer → plan → sample → propose ⇉ screen → evaluate ↺ (⇄ consult) → select → steer → plan | report → finish
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Literal

from langgraph.errors import GraphBubbleUp
from langgraph.graph import END, START, StateGraph
from langgraph.types import Send

from ..runtime.telemetry.spans import span
from .directives.pause import wait_while_paused
from .nodes import propose as proposing
from .nodes import search_nodes as nodes
from .nodes.human_duel import consult
from .nodes.report import finish, report
from .nodes.socratic import socratic_graph
from .nodes.steer import steer
from .run_context import RunContext
from .run_lifecycle import RunContexts
from .state import ProposeState, RunState

NodeFunction = Callable[[RunContext, RunState], Awaitable[RunState]]


def state_graph(desk: RunContexts) -> StateGraph[RunState, Any, RunState, RunState]:
    """The graph, not compiled: the caller brings a checkpointer, or none as a subgraph."""
    graph: StateGraph[RunState, Any, RunState, RunState] = StateGraph(RunState)
    for name, node in {
        "prepare": nodes.prepare,
        "plan": nodes.plan,
        "sample": nodes.sample,
        "screen": proposing.screen,
        "evaluate": nodes.evaluate,
        "consult": consult,
        "select": nodes.select,
        "steer": steer,
        "report": report,
        "finish": finish,
    }.items():
        graph.add_node(name, _with_context(desk, node))

    async def propose(state: ProposeState) -> RunState:
        async with desk.node_context(state) as session:
            await wait_while_paused(session, state)
            told: dict[str, Any] = {"maieutic.run": session.run, "maieutic.operator": state["order"]["operator"]}
            with span("maieutic propose", **told):
                return await proposing.propose(session, state)

    graph.add_node("propose", propose, input_schema=ProposeState)
    graph.add_node("socratic", socratic_graph(desk).compile(), input_schema=ProposeState)
    graph.add_edge(START, "prepare")
    graph.add_edge("prepare", "steer")
    graph.add_conditional_edges("plan", after_plan, ["sample", "report"])
    graph.add_conditional_edges("sample", fan_out, ["propose", "socratic", "screen"])
    graph.add_edge("propose", "screen")
    graph.add_edge("socratic", "screen")
    graph.add_edge("screen", "evaluate")
    graph.add_conditional_edges("evaluate", after_evaluate, ["evaluate", "consult", "select"])
    graph.add_conditional_edges("consult", after_consult, ["consult", "evaluate", "select"])
    graph.add_edge("select", "steer")
    graph.add_conditional_edges("steer", after_steer, ["plan", "report"])
    graph.add_edge("report", "finish")
    graph.add_edge("finish", END)
    return graph


def after_plan(state: RunState) -> Literal["sample", "report"]:
    return "report" if state["ending"] else "sample"


def fan_out(state: RunState) -> list[Send] | Literal["screen"]:
    """One Send per order; the Socratic operator is a subgraph of its own."""
    if not state["orders"]:
        return "screen"
    return [
        Send("socratic" if order["operator"] == "socratic" else "propose", _send_payload(state, order, place))
        for place, order in enumerate(state["orders"])
    ]


def after_evaluate(state: RunState) -> Literal["evaluate", "consult", "select"]:
    if state.get("waiting"):
        return "consult"
    return "evaluate" if state["batch"] else "select"


def after_consult(state: RunState) -> Literal["consult", "evaluate", "select"]:
    if state["ending"]:
        return "select"
    return "consult" if state["waiting"] else "evaluate"


def after_steer(state: RunState) -> Literal["plan", "report"]:
    return "report" if state["ending"] else "plan"


def _send_payload(state: RunState, order: dict[str, Any], place: int) -> ProposeState:
    """Authors have half of the minutes that are left: a prompt that nobody has time to measure is worth nothing."""
    age, minutes = state["seconds"], state["budget"].get("minutes")
    return {
        "run": state["run"],
        "step": state["step"],
        "round": state["round"],
        "plan": state["plan"],
        "hints": state["hints"],
        "directive": state["directive"],
        "order": order,
        "place": place,
        "seconds": age,
        "until": None if minutes is None else (age + minutes * 60) / 2,
    }


def _with_context(
    desk: RunContexts, node: NodeFunction
) -> Any:  # langgraph's overloads do not resolve for a node made by a function
    async def run(state: RunState) -> RunState:
        async with desk.node_context(state) as session:
            if node not in (steer, consult):
                await wait_while_paused(session, state)
            told: dict[str, Any] = {"maieutic.run": session.run, "maieutic.step": state.get("step", 0)}
            with span(f"maieutic {node.__name__}", calm=GraphBubbleUp, **told):
                update = await node(session, state)
        if node is finish:
            await desk.release(update["run"])
        return update

    run.__name__ = node.__name__
    return run
