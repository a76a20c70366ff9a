"""A finished run in a store, with a candidate whose prompt is easy to see through."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from maieutic.core.budget import Budget
from maieutic.core.candidate import Candidate
from maieutic.core.models import ModelRef
from maieutic.core.program import Program
from maieutic.core.task import Models, TargetSpec, Task
from maieutic.graphs.result import run_blocking
from maieutic.runtime.store import RunRecord, Store
from maieutic.testing import ScriptedModel, StubServer

RUN = "20261121-100000-aaaa"
TASK = """
name = "colours"
prompt = "Say the colour."
[data]
train = "train.jsonl"
val = "val.jsonl"
test = "test.jsonl"
[answer]
type = "label"
labels = ["red", "blue"]
[models]
target = "openai/stub@{base}"
optimizer = "openai/stub@{base}"
"""


def shown(messages: Any) -> str:
    return " | ".join(f"{one['role']}:{one['content']}" for one in messages)


@pytest.fixture
def stub() -> Iterator[StubServer]:
    """Says back what it was asked, with the roles; wants the client's key."""
    with StubServer(ScriptedModel(shown), key="client-key", names=("stub", "other")) as server:
        yield server


@pytest.fixture
def stored(stub: StubServer, tmp_path: Path) -> Callable[..., tuple[Path, Task]]:
    """A folder with a run whose best candidate is the program."""

    def make(program: Program, target: TargetSpec | None = None, **fields: Any) -> tuple[Path, Task]:
        model = ModelRef.parse(f"openai/stub@{stub.base}", key_env="STUB_KEY")
        rows = [{"input": f"row {n}", "output": "yes"} for n in range(6)]
        models = Models(target=model, optimizer=model)
        task = Task.create("Say yes.", train=rows[:2], val=rows[2:4], test=rows[4:], models=models, **fields)
        task = task.model_copy(update={"program": program, "target": target or TargetSpec()})
        record = RunRecord(
            id=RUN,
            task=task.name,
            task_json=task.model_dump_json(by_alias=True),
            recipe="auto",
            state="finished",
            best="c-best",
            started="2026-11-21T10:00:00+00:00",
            budget_json=Budget(calls=100).model_dump_json(),
        )

        async def fill() -> None:
            with Store.open(tmp_path) as store:
                await store.create_run(record)
                await store.save_candidates(RUN, [Candidate(id="c-best", program=program, operator="start", step=1)])

        run_blocking(fill())
        return tmp_path, task

    return make


@pytest.fixture
def task_folder(tmp_path: Path) -> Iterator[Path]:
    """A task's folder, over a stub that answers for it."""
    with StubServer(ScriptedModel({}, otherwise="red")) as stub:
        (tmp_path / "task.toml").write_text(TASK.format(base=stub.base))
        for split, count in (("train", 8), ("val", 6), ("test", 6)):
            rows = [{"input": f"{split} rose {n}", "output": "red"} for n in range(count)]
            (tmp_path / f"{split}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        yield tmp_path
