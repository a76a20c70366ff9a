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

ROOT = Path(__file__).parents[3]


@pytest.fixture
def server(task_folder: Path) -> Iterator[str]:
    """The address of a development server that serves the shipped configuration."""
    pytest.importorskip("langgraph_api")
    (task_folder / "langgraph.json").write_text((ROOT / "langgraph.json").read_text())
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = ["dev", "--no-browser", "--no-reload", "--allow-blocking", "--host", "127.0.0.1", "--port", str(port)]
    own = {"PYTHONPATH": os.pathsep.join(sys.path), "LANGGRAPH_CLI_NO_ANALYTICS": "1", "LANGSMITH_TRACING": "false"}
    with (task_folder / "server.log").open("w") as log:
        served = subprocess.Popen(
            [sys.executable, "-m", "langgraph_cli", *words],
            cwd=task_folder,
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


async def test_its_client_streams_is_interrupted_and_resumes(server: str, task_folder: Path) -> None:
    from langgraph_sdk import get_client

    client = get_client(url=server)
    until = time.monotonic() + 120
    while True:
        try:
            found = await client.assistants.search()
            break
        except Exception:  # noqa: BLE001 - whatever its client raises while the server comes up
            assert time.monotonic() < until, (task_folder / "server.log").read_text()[-3000:]
            time.sleep(0.5)  # noqa: ASYNC251 - nothing else runs in this loop
    assert [one["graph_id"] for one in found] == ["maieutic"]
    runs = task_folder / "runs"
    asked = {"task": str(task_folder), "recipe": "random-demos", "calls": 60, "approve": True, "folder": str(runs)}
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
    with Store.open(runs, read_only=True) as store:
        assert store.run("r").state == "paused"
    await stream(command={"resume": {"approve": False}})
    state = await client.threads.get_state(thread["thread_id"])
    assert not state["interrupts"]
    assert state["values"]["best"]
    with Store.open(runs, read_only=True) as store:
        assert store.run("r").state == "finished"
        told = [event.as_json_line() for event in store.events("r")]
    assert [part.data for part in parts if part.event == "custom"] == json.loads(json.dumps(told))
    assert {name for part in parts if part.event == "updates" for name in part.data} >= {"prepare", "report", "finish"}
