"""Checkpoints beside the store, or in a Postgres; what is missing is said before anything is spent."""

from __future__ import annotations

import asyncio
import os
import uuid
from pathlib import Path
from typing import Any

import pytest
from langgraph.graph import END, START, StateGraph
from maieutic.core.budget import Budget
from maieutic.core.errors import RunFailed, UsageError
from maieutic.core.models import ModelRef
from maieutic.core.task import Models, Task
from maieutic.graphs import checkpoints as kept
from maieutic.graphs.api import aoptimize, aresume
from maieutic.runtime.store import Store
from maieutic.testing import ScriptedModel, StubServer


async def remembered(folder: Path, place: str) -> bool:
    """Whether a graph's state is there again for another saver."""
    graph = StateGraph(dict).add_node("one", lambda state: {"n": 1}).add_edge(START, "one").add_edge("one", END)
    config = {"configurable": {"thread_id": "t"}}
    async with kept.open_checkpointer(folder, place) as saver:
        await graph.compile(checkpointer=saver).ainvoke({}, config)
    async with kept.open_checkpointer(folder, place) as saver:
        return await saver.aget_tuple(config) is not None


async def test_beside_the_store(tmp_path: Path) -> None:
    assert await remembered(tmp_path, "")
    assert (tmp_path / "checkpoints.db").is_file()


def test_a_place_that_is_none_is_refused() -> None:
    with pytest.raises(UsageError, match="Postgres") as caught:
        kept.check_checkpoint_url("mysql://here")
    assert "postgresql://user@host/database" in caught.value.possible


def test_a_missing_library_is_named_with_its_command(monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib

    def missing(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(UsageError, match="checkpointer") as caught:
        kept.check_checkpoint_url("postgresql://here/db")
    assert "maieutic[postgres]" in (caught.value.remedy or "")


async def test_a_postgres_that_is_not_there_is_one_clear_error(tmp_path: Path) -> None:
    pytest.importorskip("langgraph.checkpoint.postgres.aio")
    with pytest.raises(RunFailed, match="Postgres"):
        await remembered(tmp_path, "postgresql://nobody@127.0.0.1:1/none?connect_timeout=2")


async def test_in_postgres(tmp_path: Path) -> None:
    """With MAIEUTIC_TEST_POSTGRES=postgresql://…: a database that the test may write to."""
    pytest.importorskip("langgraph.checkpoint.postgres.aio")
    place = os.environ.get("MAIEUTIC_TEST_POSTGRES")
    if not place:
        pytest.skip("MAIEUTIC_TEST_POSTGRES names no database")
    assert await remembered(tmp_path, place)


async def test_a_whole_run_with_its_checkpoints_in_postgres_is_taken_up_to_the_same_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cut short in the middle, then resumed, against one that nobody disturbed and that kept its checkpoints in a
    file."""
    pytest.importorskip("langgraph.checkpoint.postgres.aio")
    place = os.environ.get("MAIEUTIC_TEST_POSTGRES")
    if not place:
        pytest.skip("MAIEUTIC_TEST_POSTGRES names no database")
    rows = [{"input": f"word {n}", "output": ("red", "blue")[n % 2]} for n in range(40)]

    def say(messages: Any) -> str:
        text = messages[-1]["content"]
        return ("red", "blue")[sum(map(ord, text)) % 2]

    def left(folder: Path, run: str) -> tuple[Any, Any, str | None]:
        with Store.open(folder, read_only=True) as store:
            assert store.run(run).state == "finished"
            return store.candidates(run), store.evaluations(run), store.run(run).best

    with StubServer(ScriptedModel(say), latency=0.01) as stub:
        model = ModelRef.parse(f"openai/stub@{stub.base}")
        models = Models(target=model, optimizer=model)
        task = Task.create("Say red or blue.", train=rows[:12], val=rows[12:24], test=rows[24:], models=models)
        options: dict[str, Any] = {"recipe": "random-demos", "budget": Budget(calls=110), "seed": 3}
        await aoptimize(task, folder=tmp_path / "file", run="r", **options)
        alone = stub.count
        monkeypatch.setenv(kept.CHECKPOINTS_VARIABLE, place)
        name = f"r-{uuid.uuid4().hex[:8]}"
        running = asyncio.create_task(aoptimize(task, folder=tmp_path / "postgres", run=name, **options))
        await asyncio.to_thread(stub.wait_for, alone + 30, 60.0)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert (await aresume(name, folder=tmp_path / "postgres")).state == "finished"
    assert not (tmp_path / "postgres" / "checkpoints.db").exists()
    assert left(tmp_path / "postgres", name) == left(tmp_path / "file", "r")
