"""The state machine: one LangGraph with all nodes and edges.

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
from .nodes.evaluate import evaluate
from .nodes.finish import finish
from .nodes.human_duel import human_duel
from .nodes.plan import plan
from .nodes.prepare import prepare
from .nodes.propose import propose
from .nodes.report import report
from .nodes.sample import sample
from .nodes.screen import screen
from .nodes.select import select
from .nodes.socratic import socratic_graph
from .nodes.steer import steer
from .run_context import RunContext
from .run_lifecycle import RunContexts
from .state import ProposeState, RunState

NodeFunction = Callable[[RunContext, RunState], Awaitable[RunState]]


def state_graph(
    contexts: RunContexts, context_schema: type[Any] | None = None
) -> StateGraph[RunState, Any, RunState, RunState]:
    """The graph, not compiled: the caller brings a checkpointer, or none for a subgraph.

    context_schema: what a server's form asks for before a run.
    """
    graph: StateGraph[RunState, Any, RunState, RunState] = StateGraph(RunState, context_schema)
    for name, node in {
        "prepare": prepare,
        "plan": plan,
        "sample": sample,
        "screen": screen,
        "evaluate": evaluate,
        "consult": human_duel,
        "select": select,
        "steer": steer,
        "report": report,
        "finish": finish,
    }.items():
        graph.add_node(name, _with_context(contexts, name, node))
    graph.add_node("propose", _propose_with_context(contexts), input_schema=ProposeState)
    graph.add_node("socratic", socratic_graph(contexts).compile(), input_schema=ProposeState)
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
        Send("socratic" if order["operator"] == "socratic" else "propose", _send_payload(state, order, index))
        for index, order in enumerate(state["orders"])
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


def _send_payload(state: RunState, order: dict[str, Any], index: int) -> ProposeState:
    """Writing gets half of the remaining minutes: a prompt that nobody has time to measure is worth nothing."""
    age, minutes = state["seconds"], state["budget"].get("minutes")
    return {
        "run": state["run"],
        "step": state["step"],
        "round": state["round"],
        "plan": state["plan"],
        "hints": state["hints"],
        "directive": state["directive"],
        "order": order,
        "place": index,
        "seconds": age,
        "until": None if minutes is None else (age + minutes * 60) / 2,
    }


def _with_context(
    contexts: RunContexts, name: str, node: NodeFunction
) -> Any:  # langgraph's overloads do not resolve for a node made by a function
    """The node with the run's context, a span, and a wait while the run is paused."""

    async def run(state: RunState) -> RunState:
        async with contexts.node_context(state) as context:
            if node not in (steer, human_duel):  # these two handle a pause themselves
                await wait_while_paused(context, state)
            attributes: dict[str, Any] = {"maieutic.run": context.run, "maieutic.step": state.get("step", 0)}
            with span(f"maieutic {name}", calm=GraphBubbleUp, **attributes):
                update = await node(context, state)
        if node is finish:
            await contexts.release(update["run"])
        return update

    run.__name__ = name
    return run


def _propose_with_context(contexts: RunContexts) -> Any:
    async def run(state: ProposeState) -> RunState:
        async with contexts.node_context(state) as context:
            await wait_while_paused(context, state)
            operator = state["order"]["operator"]
            attributes: dict[str, Any] = {"maieutic.run": context.run, "maieutic.operator": operator}
            with span("maieutic propose", **attributes):
                return await propose(context, state)

    run.__name__ = "propose"
    return run
