"""Checkpoints beside the store, or in a Postgres; what is missing is said before anything is spent."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from langgraph.graph import END, START, StateGraph
from maieutic.core.errors import RunFailed, UsageError
from maieutic.graphs import checkpoints as kept


async def remembered(folder: Path, place: str) -> bool:
    """Whether a graph's state is there again for another saver."""
    graph = StateGraph(dict).add_node("one", lambda state: {"n": 1}).add_edge(START, "one").add_edge("one", END)
    config = {"configurable": {"thread_id": "t"}}
    async with kept.checkpoints(folder, place) as saver:
        await graph.compile(checkpointer=saver).ainvoke({}, config)
    async with kept.checkpoints(folder, place) as saver:
        return await saver.aget_tuple(config) is not None


async def test_beside_the_store(tmp_path: Path) -> None:
    assert await remembered(tmp_path, "")
    assert (tmp_path / "checkpoints.db").is_file()


def test_a_place_that_is_none_is_refused() -> None:
    with pytest.raises(UsageError, match="Postgres") as caught:
        kept.check_place("mysql://here")
    assert "postgresql://user@host/database" in caught.value.possible


def test_a_missing_library_is_named_with_its_command(monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib

    def missing(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(UsageError, match="checkpointer") as caught:
        kept.check_place("postgresql://here/db")
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
