"""Checkpoints hold no key, and make no objects of classes that they name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.graph import START, StateGraph
from maieutic.graphs.checkpoint_serializer import PlainSerializer
from maieutic.graphs.checkpoints import open_checkpointer
from maieutic.runtime.store.redaction import Redactor

SECRET = "sk-0123456789abcdef"
made: list[str] = []


@dataclass
class Made:
    """What a checkpoint from elsewhere might name."""

    name: str

    def __post_init__(self) -> None:
        made.append(self.name)


@pytest.mark.parametrize("fails", [False, True])
async def test_the_file_holds_no_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: bool) -> None:
    monkeypatch.setenv("MY_OWN", SECRET)

    def step(state: dict[str, Any]) -> dict[str, Any]:
        if fails:
            raise ValueError(f"refused: Bearer {SECRET}")
        return {"texts": [f"the key is {SECRET}", ("kept", 1)], SECRET: 2}

    config: Any = {"configurable": {"thread_id": "t"}}
    async with open_checkpointer(tmp_path, "", Redactor(names=frozenset({"MY_OWN"}))) as saver:
        graph = StateGraph(dict).add_node("step", step).add_edge(START, "step").compile(checkpointer=saver)
        if fails:
            with pytest.raises(ValueError, match="refused"):
                await graph.ainvoke({"ask": SECRET}, config)
        else:
            await graph.ainvoke({"ask": SECRET}, config)
        assert await saver.aget_tuple(config) is not None
    assert stored_bytes(tmp_path)
    assert SECRET.encode() not in stored_bytes(tmp_path)


def stored_bytes(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.glob("checkpoints.db*"))


def test_values_without_a_key_stay_what_they_are() -> None:
    serializer, value = PlainSerializer(Redactor(environment={})), {"a": [1, ["b", 2.5]], "c": None}
    assert serializer.loads_typed(serializer.dumps_typed(value)) == value
    assert serializer.dumps_typed(value) == JsonPlusSerializer().dumps_typed(value)


def test_a_checkpoint_makes_no_objects_of_its_own_choice() -> None:
    stored = JsonPlusSerializer().dumps_typed({"value": Made("first")})
    made.clear()
    PlainSerializer(Redactor()).loads_typed(stored)
    assert made == []
    JsonPlusSerializer().loads_typed(stored)
    assert made == ["first"], "as LangGraph's own serializer does"
