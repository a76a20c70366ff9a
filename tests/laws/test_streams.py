"""LangGraph's own streams and interrupts, alone and inside another app, from this process and from another."""

from __future__ import annotations

import asyncio
import inspect
import json
import os
import subprocess
import sys
from typing import Any

from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, StateGraph
from langgraph.types import Command
from maieutic.core.budget import Budget
from maieutic.graphs.api import aoptimize, build_graph
from maieutic.runtime.store import Store
from maieutic.testing.run_harness import RunHarness
from typing_extensions import TypedDict

MODES = ["updates", "values", "custom", "messages"]
DEEP = {"recursion_limit": 10_000}


class App(TypedDict, total=False):
    run: str
    best: str


def parent(inner: Any, **options: Any) -> Any:
    outer: Any = StateGraph(App)
    outer.add_node("prompt", inner)
    outer.add_edge(START, "prompt")
    outer.add_edge("prompt", END)
    return outer.compile(**options)


async def heard(graph: Any, **options: Any) -> dict[str, list[Any]]:
    told: dict[str, list[Any]] = {mode: [] for mode in MODES}
    async for part in graph.astream({"run": "r"}, DEEP, stream_mode=MODES, **options):
        mode, said = part[-2:]
        told[mode].append(said)
    return told


async def test_every_stream_mode_tells_its_own(harness: RunHarness, log: Any) -> None:
    folder = harness.new_folder()
    told = await heard(build_graph(harness.task(), "protegi", budget=Budget(calls=90), folder=folder))
    events = log(folder)
    assert told["custom"] == [json.loads(json.dumps(event.as_json_line())) for event in events]
    assert {name for update in told["updates"] for name in update} >= {"prepare", "plan", "evaluate", "finish"}
    assert told["values"][-1]["best"]
    spoken = [event for event in events if event.kind == "agent_spoke"]
    assert spoken
    assert [message.text for message, _ in told["messages"]] == [event.data["text"] for event in spoken]
    assert {message.name for message, _ in told["messages"]} == {event.data["role"] for event in spoken}


async def test_an_app_around_the_graph_hears_it_too(harness: RunHarness, log: Any) -> None:
    folder = harness.new_folder()
    inner = build_graph(harness.task(), "protegi", budget=Budget(calls=90), folder=folder)
    told = await heard(parent(inner, checkpointer=None), subgraphs=True)
    assert len(told["custom"]) == len(log(folder))
    assert told["messages"]


async def test_a_run_inside_a_node_is_a_run_of_its_own(harness: RunHarness, log: Any, summary: Any) -> None:
    plain, folder = harness.new_folder(), harness.new_folder()
    await harness.run(folder=plain)

    async def node(state: App) -> App:
        done = await aoptimize(harness.task(), budget=Budget(calls=90), folder=folder, run="r")
        return {"best": done.candidate}

    app = parent(node, checkpointer=InMemorySaver())
    config = {"configurable": {"thread_id": "outer"}}
    final = await app.ainvoke({"run": "mine"}, config)
    assert final == {"run": "mine", "best": summary(plain).best}
    assert summary(folder) == summary(plain)


async def test_its_own_checkpointer_and_thread_inside_a_node(harness: RunHarness, summary: Any) -> None:
    plain, folder = harness.new_folder(), harness.new_folder()
    await harness.run(folder=plain)
    inner = build_graph(harness.task(), budget=Budget(calls=90), folder=folder, checkpointer=InMemorySaver())

    async def node(state: App) -> App:
        final = await inner.ainvoke({"run": "r"}, {"configurable": {"thread_id": "inner"}, **DEEP})
        return {"best": final["best"]}

    final = await parent(node, checkpointer=InMemorySaver()).ainvoke({}, {"configurable": {"thread_id": "outer"}})
    assert final["best"] == summary(plain).best
    assert summary(folder) == summary(plain)


_OTHER = """
import asyncio, sys
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.types import Command
from maieutic.core.budget import Budget
from maieutic.core.task import Task
from maieutic.graphs.api import build_graph
sys.path.insert(0, sys.argv[1])
from test_streams_app import parent

async def main(place, task, folder, answer):
    options = dict(budget=Budget(calls=60), folder=folder, approve=True)
    inner = build_graph(Task.model_validate_json(open(task).read()), "random-demos", **options)
    config = {"configurable": {"thread_id": "t"}, "recursion_limit": 10_000}
    async with AsyncSqliteSaver.from_conn_string(place + "/app.db") as saver:
        app = parent(inner, checkpointer=saver)
        final = await app.ainvoke({"run": "r"} if answer == "begin" else Command(resume=answer == "yes"), config)
        asked = final.get("__interrupt__")
        print(asked[0].value["round"] if asked else "best " + final["best"])

asyncio.run(main(*sys.argv[1:]))
"""


async def test_an_interrupt_in_one_process_is_answered_in_another(harness: RunHarness, summary: Any) -> None:
    folder, plain = harness.new_folder(), harness.new_folder()
    await harness.run("random-demos", 60, folder=plain)
    place = harness.base / "processes"
    place.mkdir()
    (place / "task.json").write_text(harness.task().model_dump_json(by_alias=True), encoding="utf-8")
    source = inspect.getsource(sys.modules[__name__])
    body = source[source.index("class App") : source.index("async def heard")]
    head = "from typing import Any\nfrom langgraph.graph import END, START, StateGraph\n"
    (place / "test_streams_app.py").write_text(f"{head}from typing_extensions import TypedDict\n{body}")

    async def other(answer: str) -> str:
        words = [sys.executable, "-c", _OTHER, str(place), str(place / "task.json"), str(folder), answer]
        env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        done = await asyncio.to_thread(subprocess.run, words, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    said = await other("begin")
    assert said == "1"
    with Store.open(folder, read_only=True) as store:
        assert store.run("r").state == "paused"
    for _ in range(20):
        said = await other("yes")
        if said.startswith("best"):
            break
    assert said == f"best {summary(plain).best}"
    assert summary(folder).evaluations == summary(plain).evaluations


async def test_an_interrupt_is_answered_by_a_command(harness: RunHarness) -> None:
    graph = build_graph(
        harness.task(),
        "random-demos",
        budget=Budget(calls=60),
        folder=harness.new_folder(),
        approve=True,
        checkpointer=InMemorySaver(),
    )
    config = {"configurable": {"thread_id": "t"}, **DEEP}
    first = await graph.ainvoke({}, config)
    assert first["__interrupt__"][0].value["round"] == 1
    done = await graph.ainvoke(Command(resume={"approve": False}), config)
    assert "__interrupt__" not in done
    assert done["ending"]
