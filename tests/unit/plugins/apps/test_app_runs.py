"""Whole runs over applications: the gain on the sealed rows, and an account that holds all their calls."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from maieutic import Budget, load_task
from maieutic.core.answer import AnswerContract
from maieutic.core.models import ModelRef
from maieutic.core.task import Models
from maieutic.graphs.api import aoptimize, aresume
from maieutic.graphs.integrations.application import aoptimize_app, app_registry
from maieutic.runtime.store import Store
from maieutic.testing import ScriptedModel, StubServer

WORDS = {"kitchen": "sandwich breakfast soup tea menu", "cleaning": "towel carpet bed bin dust", "repair": ""}


def guest(messages: Any) -> str:
    """Names the right team once worked examples stand in the prompt; without them it is no use."""
    said = "\n".join(message["content"] for message in messages)
    asked = messages[-1]["content"].rpartition("\n\n")[2].casefold()
    if "<prompt>" in said:
        return "<prompt>Name the team: kitchen, cleaning or repair.</prompt>"
    if "Which team" not in said and "Name the team" not in said and "kitchen" not in said:
        return asked
    if said.count("kitchen") + said.count("cleaning") + said.count("repair") < 4:
        return "the manager"
    found = [team for team, words in WORDS.items() if any(word in asked for word in words.split())]
    return found[0] if found else "repair"


@pytest.fixture
def stub() -> Iterator[StubServer]:
    with StubServer(ScriptedModel(guest)) as server:
        yield server


@pytest.fixture
def models(stub: StubServer, monkeypatch: pytest.MonkeyPatch) -> Models:
    monkeypatch.setenv("STUB_KEY", "anything")
    model = ModelRef.parse(f"openai/stub@{stub.base}", key_env="STUB_KEY")
    return Models(target=model, optimizer=model)


@pytest.mark.slow
async def test_both_prompts_of_the_shipped_agent_improve_it_on_sealed_rows(
    stub: StubServer, models: Models, tmp_path: Path
) -> None:
    task = load_task(str(files("maieutic.examples.agent")))
    task = task.model_copy(update={"models": models})
    done = await aoptimize(task, budget=Budget(calls=700), folder=tmp_path, run="r")
    assert done.report is not None
    assert done.report.verdict == "improved"
    assert set(done.program.prompts) == {"gist", "team"}
    with Store.open(tmp_path, read_only=True) as store:
        spent = sum(cost.calls for cost in store.ledger_sums("r").paid.values())
        assert spent == stub.count
    assert spent <= 700


async def echo(text: str, prompts: dict[str, str], model: Any) -> str:
    return str((await model.ainvoke([("system", prompts["only"]), ("human", text)])).text)


async def test_an_application_at_hand_is_optimized_and_taken_up_again(
    stub: StubServer, models: Models, tmp_path: Path
) -> None:
    rows = [
        {"input": f"soup {n}" if n % 2 else f"dust {n}", "output": ("cleaning", "kitchen")[n % 2]} for n in range(30)
    ]
    fields = {"models": models, "answer": AnswerContract(type="label", labels=("kitchen", "cleaning"))}
    done = await aoptimize_app(
        echo,
        {"only": "Which team? kitchen or cleaning"},
        train=rows[:10],
        val=rows[10:20],
        test=rows[20:],
        task=fields,
        recipe="random-demos",
        budget=Budget(calls=120),
        folder=tmp_path,
        run="r",
    )
    assert done.report is not None
    assert done.report.best.score > done.report.start.score
    before = stub.count
    again = await aresume("r", folder=tmp_path, registry=app_registry(echo))
    assert (again.candidate, stub.count) == (done.candidate, before)
    assert replace(again, report=None) == replace(done, report=None)
