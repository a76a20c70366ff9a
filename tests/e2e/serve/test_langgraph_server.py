"""`langgraph dev` runs the graph of `langgraph.json`; its own client streams it, is interrupted, and resumes."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from maieutic.runtime.store import Store
from maieutic.testing import ScriptedModel, StubServer

ROOT = Path(__file__).parents[3]
TASK = """
name = "colours"
prompt = "Say the colour."
[data]
train = "train.jsonl"
val = "val.jsonl"
test = "test.jsonl"
[models]
target = "openai/stub@{base}"
optimizer = "openai/stub@{base}"
"""


@pytest.fixture
def task(tmp_path: Path) -> Iterator[Path]:
    """A task's folder, over a stub that answers for it."""
    with StubServer(ScriptedModel({}, otherwise="red")) as stub:
        (tmp_path / "task.toml").write_text(TASK.format(base=stub.base))
        for split, count in (("train", 8), ("val", 6), ("test", 6)):
            rows = [{"input": f"{split} rose {n}", "output": "red"} for n in range(count)]
            (tmp_path / f"{split}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        yield tmp_path


@pytest.fixture
def server(task: Path) -> Iterator[str]:
    """The address of a development server that serves the shipped configuration."""
    pytest.importorskip("langgraph_api")
    (task / "langgraph.json").write_text((ROOT / "langgraph.json").read_text())
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = ["dev", "--no-browser", "--no-reload", "--allow-blocking", "--host", "127.0.0.1", "--port", str(port)]
    own = {"PYTHONPATH": os.pathsep.join(sys.path), "LANGGRAPH_CLI_NO_ANALYTICS": "1", "LANGSMITH_TRACING": "false"}
    with (task / "server.log").open("w") as log:
        served = subprocess.Popen(
            [sys.executable, "-m", "langgraph_cli", *words],
            cwd=task,
            env={**os.environ, **own},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            os.killpg(served.pid, signal.SIGTERM)
            served.wait(timeout=30)


async def test_its_client_streams_is_interrupted_and_resumes(server: str, task: Path) -> None:
    from langgraph_sdk import get_client

    client = get_client(url=server)
    until = time.monotonic() + 120
    while True:
        try:
            found = await client.assistants.search()
            break
        except Exception:  # noqa: BLE001 - whatever its client raises while the server comes up
            assert time.monotonic() < until, (task / "server.log").read_text()[-3000:]
            time.sleep(0.5)  # noqa: ASYNC251 - nothing else runs in this loop
    assert [one["graph_id"] for one in found] == ["maieutic"]
    asked = {"task": str(task), "recipe": "random-demos", "calls": 60, "approve": True, "folder": str(task / "runs")}
    assistant = await client.assistants.create("maieutic", context=asked)
    thread = await client.threads.create()
    parts: list[Any] = []

    async def stream(**given: Any) -> None:
        async for part in client.runs.stream(
            thread["thread_id"],
            assistant["assistant_id"],
            stream_mode=["updates", "custom"],
            config={"recursion_limit": 10_000},
            **given,
        ):
            assert part.event != "error", part.data
            parts.append(part)

    await stream(input={"run": "r"})
    state = await client.threads.get_state(thread["thread_id"])
    assert [one["value"]["round"] for one in state["interrupts"]] == [1]
    with Store.open(task / "runs", read_only=True) as store:
        assert store.run("r").state == "paused"
    await stream(command={"resume": {"approve": False}})
    state = await client.threads.get_state(thread["thread_id"])
    assert not state["interrupts"]
    assert state["values"]["best"]
    with Store.open(task / "runs", read_only=True) as store:
        assert store.run("r").state == "finished"
        told = [event.as_json_line() for event in store.events("r")]
    assert [part.data for part in parts if part.event == "custom"] == json.loads(json.dumps(told))
    assert {name for part in parts if part.event == "updates" for name in part.data} >= {"prepare", "report", "finish"}
