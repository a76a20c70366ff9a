"""The graph as a library: embedded, streamed, and for callers without an event loop."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, StateGraph
from maieutic.core.budget import Budget
from maieutic.graphs.api import astream, build_graph, optimize
from maieutic.runtime.store import Store
from maieutic.testing.run_harness import RunHarness
from typing_extensions import TypedDict


class App(TypedDict, total=False):
    topic: str
    run: str
    best: str


async def test_the_graph_is_a_node_of_another_graph(harness: RunHarness, summary: Any) -> None:
    plain, folder = harness.new_folder(), harness.new_folder()
    done = await harness.run(folder=plain)
    inner = build_graph(harness.task(), budget=Budget(calls=90), folder=folder)
    outer: Any = StateGraph(App)
    outer.add_node("prompt", inner)
    outer.add_node("use", lambda state: {"topic": f"uses {state['best']}"})
    outer.add_edge(START, "prompt")
    outer.add_edge("prompt", "use")
    outer.add_edge("use", END)
    app = outer.compile(checkpointer=InMemorySaver())
    config = {"configurable": {"thread_id": "t"}, "recursion_limit": 10_000}
    final = await app.ainvoke({"topic": "colours", "run": "r"}, config)
    assert final["best"] == done.candidate
    assert final["topic"] == f"uses {done.candidate}"
    assert summary(folder) == summary(plain)


async def test_an_embedded_run_names_itself_and_leaves_nothing_open(harness: RunHarness) -> None:
    folder = harness.new_folder()
    graph = build_graph(harness.task(), "random-demos", budget=Budget(calls=60), folder=folder)
    first = await graph.ainvoke({}, {"recursion_limit": 10_000})
    second = await graph.ainvoke({}, {"recursion_limit": 10_000})
    with Store.open(folder, read_only=True) as store:
        assert [one.state for one in store.runs()] == ["finished", "finished"]
        assert {one.id for one in store.runs()} == {first["run"], second["run"]}
    assert first["best"] == second["best"]


async def test_events_are_streamed_as_they_happen(harness: RunHarness, log: Any) -> None:
    folder = harness.new_folder()
    heard = [event async for event in astream(harness.task(), budget=Budget(calls=60), folder=folder, run="r")]
    assert heard == log(folder)
    assert heard[-1].kind == "run_finished"


async def test_leaving_a_stream_stops_the_run(harness: RunHarness) -> None:
    folder = harness.new_folder()
    stream = astream(harness.task(), budget=Budget(calls=90), folder=folder, run="r")
    async for event in stream:
        if event.kind == "round_started":
            break
    await stream.aclose()
    with Store.open(folder, read_only=True) as store:
        assert store.run("r").state == "stopped"
    done = await harness.resume(folder)
    assert done.report.start.n == 12


async def test_a_stream_raises_what_the_run_raises(harness: RunHarness) -> None:
    with pytest.raises(Exception, match="leaves nothing to spend"):
        _ = [event async for event in astream(harness.task(), budget=Budget(calls=0), folder=harness.new_folder())]


async def test_optimize_needs_no_event_loop(harness: RunHarness) -> None:
    options = {"recipe": "random-demos", "budget": Budget(calls=60), "folder": harness.new_folder()}
    done = await asyncio.to_thread(optimize, harness.task(), **options)
    assert done.report.start.n == 12
