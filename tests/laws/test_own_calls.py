"""An application with a model of its own is charged as declared, or refused where nothing else ends the run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from maieutic.core.budget import Budget
from maieutic.core.errors import NeedsError, UsageError
from maieutic.core.task import TargetSpec, Task
from maieutic.graphs.evaluate import evaluate_program
from maieutic.graphs.integrations.application import aoptimize_app
from maieutic.plugins.targets.callable import CallableTarget
from maieutic.runtime.store import Store
from maieutic.testing.run_harness import RunHarness

APP = """
from pathlib import Path
def run(prompts, input):
    with open(Path(__file__).with_name("calls"), "a") as file:
        file.write("x" * 3)  # three calls of a model of its own
    return "red"
def target(program, example):
    return run({}, example.input)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "app.py").write_text(APP)
    return tmp_path


def own_task(harness: RunHarness, folder: Path, use: str, **options: Any) -> Task:
    name = "app" if use == "runnable" else "function"
    function = "app.py:run" if use == "runnable" else "app.py:target"
    target = TargetSpec(use=use, options={name: function, **options})
    return harness.task().model_copy(update={"target": target, "source": str(folder / "task.toml")})


def calls_made(folder: Path) -> int:
    file = folder / "calls"
    return len(file.read_text()) if file.exists() else 0


async def run(harness: RunHarness, folder: Path, task: Task, budget: Budget) -> Any:
    return await harness.run("random-demos", task=task, folder=folder / "store", budget=budget)


@pytest.mark.parametrize("use", ["callable", "runnable"])
async def test_undeclared_calls_under_a_limit_of_calls_are_refused(harness: RunHarness, folder: Path, use: str) -> None:
    with pytest.raises(NeedsError, match="makes calls that this run does not see") as refused:
        await run(harness, folder, own_task(harness, folder, use), Budget(calls=90))
    assert refused.value.exit_code == 2
    assert "calls_per_example" in str(refused.value)
    assert calls_made(folder) <= (3 * 4 if use == "runnable" else 0), "an app is found out by its first examples"


@pytest.mark.parametrize("use", ["callable", "runnable"])
async def test_declared_calls_are_charged_and_the_limit_holds(harness: RunHarness, folder: Path, use: str) -> None:
    task = own_task(harness, folder, use, calls_per_example=3)
    result = await run(harness, folder, task, Budget(calls=90))
    assert 45 < calls_made(folder) <= 90
    assert result.report is not None
    assert any("calls are estimated" in warning and "as declared" in warning for warning in result.report.warnings)
    with Store.open(folder / "store", read_only=True) as store:
        used = store.ledger_sums("r").used
    assert used["target"].calls == calls_made(folder)


@pytest.mark.parametrize("use", ["callable", "runnable"])
async def test_with_minutes_each_example_counts_one(harness: RunHarness, folder: Path, use: str) -> None:
    result = await run(harness, folder, own_task(harness, folder, use), Budget(calls=40, minutes=5))
    assert 3 * 20 < calls_made(folder) <= 3 * 44, "at most one example in flight for each of four"
    assert result.report is not None
    assert any("1 an example was charged" in warning for warning in result.report.warnings)


async def test_an_app_of_the_caller_declares_its_calls_too(harness: RunHarness, tmp_path: Path) -> None:
    count = 0

    def app(prompts: dict[str, str], input: str) -> str:
        nonlocal count
        count += 2
        return "red"

    task = harness.task()
    await aoptimize_app(
        app,
        {"main": "Say red or blue."},
        train=task.data.train,
        val=task.data.val,
        test=task.data.test,
        target={"calls_per_example": 2},
        task={"models": task.models},
        recipe="random-demos",
        budget=Budget(calls=60),
        folder=tmp_path / "store",
    )
    assert 30 < count <= 60


async def test_tokens_alone_do_not_limit_calls_that_nobody_sees(harness: RunHarness, folder: Path) -> None:
    task = own_task(harness, folder, "callable", calls_per_example=3)
    with pytest.raises(NeedsError, match="--tokens limits nothing"):
        await run(harness, folder, task, Budget(tokens=5000))
    assert calls_made(folder) == 0


async def test_measuring_one_prompt_needs_no_declaration(harness: RunHarness, folder: Path) -> None:
    task = own_task(harness, folder, "callable")
    assert len(await evaluate_program(task, task.program, split="val", folder=folder / "store")) == 12
    assert calls_made(folder) == 36


@pytest.mark.parametrize("calls", [0, -1, 1.5, True])
def test_fewer_than_one_call_cannot_be_declared(calls: Any) -> None:
    with pytest.raises(UsageError, match="calls_per_example"):
        CallableTarget(lambda messages: "", calls_per_example=calls)
