"""Where measurements run makes no difference to what comes out, nor to what is paid."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from maieutic.core.answer import AnswerContract
from maieutic.core.budget import Budget
from maieutic.core.dataset import Example
from maieutic.core.errors import UsageError
from maieutic.core.executor import MeasureJob, MeasureResult, MeasureSpec
from maieutic.core.models import ModelRef, Output
from maieutic.core.program import Program
from maieutic.core.recipe import PluginRef
from maieutic.core.score import Evaluation
from maieutic.core.task import Models, Task
from maieutic.graphs.api import aoptimize
from maieutic.plugins.executors import ray as on_ray
from maieutic.plugins.executors.worker import LocalExecutor, execute_work
from maieutic.runtime.store import Store
from maieutic.testing import ScriptedGateway, ScriptedModel, StubServer

WORK = MeasureSpec(
    program=Program.of("Say red or blue."),
    example=Example(input="rose", outputs=("red",)),
    model=ModelRef.parse("openai/stub"),
    answer=AnswerContract(type="label", labels=("red", "blue")),
    target=PluginRef(use="chat", options={"max_tokens": 9}),
    evaluators={"exact": PluginRef(use="exact"), "hit": PluginRef(use="contains")},
)


async def test_work_is_carried_out_from_its_json_alone() -> None:
    gateway = ScriptedGateway(ScriptedModel({"rose": "red"}))
    work = MeasureSpec.model_validate_json(WORK.model_dump_json(by_alias=True))
    done = await execute_work(work, gateway)
    assert done.output.text == "red"
    assert {name: one.value for name, one in done.scores.items()} == {"exact": 1.0, "hit": 1.0}
    assert MeasureResult.model_validate_json(done.model_dump_json()) == done
    assert [payer for _, payer in gateway.calls] == ["target"]


async def test_local_does_the_work_with_the_parts_at_hand() -> None:
    done = MeasureResult(output=Output(text="here"))

    async def here() -> MeasureResult:
        return done

    local = LocalExecutor()
    assert await local.run(MeasureJob(work=WORK, here=here), ScriptedGateway(ScriptedModel({}))) is done
    await local.aclose()
    await local.aclose()


def test_a_missing_library_is_named_with_its_command_when_the_executor_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(on_ray, "_MODULE", "no_such_ray")
    with pytest.raises(UsageError, match="needs the library ray") as caught:
        on_ray.RayExecutor()
    assert "maieutic[ray]" in (caught.value.remedy or "")


async def test_an_executor_that_opened_nothing_can_be_closed_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(on_ray, "_MODULE", "json")
    executor = on_ray.RayExecutor()
    assert [await executor.aclose(), await executor.aclose()] == [None, None]


@pytest.fixture
def stub() -> Iterator[StubServer]:
    def say(messages: Any) -> str:
        text = messages[-1]["content"]
        if "<prompt>" in text or len(text) > 400:
            return f"<prompt>Name the colour, rule {len(text) % 97}: red or blue.</prompt>"
        return ("red", "blue")[sum(map(ord, text)) % 2]

    with StubServer(ScriptedModel(say), latency=0.02) as server:
        yield server


def task_at(stub: StubServer) -> Task:
    def rows(split: str) -> list[dict[str, str]]:
        return [{"input": f"{split} {n}", "output": ("red", "blue")[n % 2]} for n in range(12)]

    model = ModelRef.parse(f"openai/stub@{stub.base}", key_env="STUB_KEY")
    return Task.create(
        "Say red or blue.",
        train=rows("train"),
        val=rows("val"),
        test=rows("test"),
        name="colours",
        models=Models(target=model, optimizer=model),
    )


def left(folder: Path) -> tuple[list[Any], list[Evaluation]]:
    with Store.open(folder, read_only=True) as store:
        return store.candidates("r"), store.evaluations("r")


async def test_on_ray_with_a_worker_killed_the_archive_and_the_account_are_those_of_local(
    stub: StubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAY_raylet_start_wait_time_s", "180")
    ray = pytest.importorskip("ray")
    monkeypatch.setenv("STUB_KEY", "k")
    options: dict[str, Any] = {"recipe": "random-demos", "budget": Budget(calls=110), "run": "r", "seed": 3}
    await aoptimize(task_at(stub), folder=tmp_path / "local", **options)
    local_calls = stub.count
    ray.init(
        num_cpus=2,
        include_dashboard=False,
        log_to_driver=False,
        logging_level="error",
        runtime_env={"env_vars": {"PYTHONPATH": os.environ.get("PYTHONPATH", "")}},
    )
    killed: list[int] = []

    async def kill_one() -> None:
        import psutil

        while not killed:  # what is counted is in another thread, and a worker may be idle at any one look
            await asyncio.sleep(0.005)
            if stub.count < local_calls + 25:
                continue
            for one in psutil.Process().children(recursive=True):
                with suppress(psutil.Error):
                    if not killed and "ray::_measure" in " ".join(one.cmdline()):
                        one.kill()
                        killed.append(one.pid)

    killer = asyncio.create_task(kill_one())
    try:
        await aoptimize(task_at(stub), folder=tmp_path / "ray", executor="ray", **options)
    finally:
        killer.cancel()
        ray.shutdown()
    assert killed
    assert left(tmp_path / "ray") == left(tmp_path / "local")
    with Store.open(tmp_path / "ray", read_only=True) as store:
        rows = store.ledger_sums("r").ledger(Budget(calls=110)).view()
    assert rows.total.calls <= 110
    assert stub.count - local_calls == rows.total_paid.calls
    assert stub.count - local_calls == local_calls
