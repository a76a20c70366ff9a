"""What cannot work is refused before anything is spent, and leaves no run behind that seems to go on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from maieutic.core.budget import Budget
from maieutic.core.errors import MaieuticError, ModelError, NeedsError, RunFailed, TaskError, UsageError
from maieutic.core.models import ModelRef
from maieutic.core.task import EvaluatorSpec, Models, Task
from maieutic.runtime.store import Store
from maieutic.testing import Fault


def states(folder: Path) -> list[str]:
    if not (folder / "maieutic.db").exists():
        return []
    with Store.open(folder, read_only=True) as store:
        return [one.state for one in store.runs()]


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"recipe": "autoo"}, UsageError),
        ({"settings": {"strategy": "beem"}}, UsageError),
        ({"settings": {"bandit.leders": "3"}}, UsageError),
        ({"settings": {"nothing.like": "this"}}, UsageError),
        ({"budget": Budget(calls=0)}, TaskError),
        ({"budget": Budget()}, TaskError),
        ({"concurrency": 0}, UsageError),
    ],
)
async def test_wrong_words_are_refused(lab: Any, options: dict[str, Any], error: type[MaieuticError]) -> None:
    folder = lab.folder()
    with pytest.raises(error) as caught:
        await lab.run(folder=folder, **options)
    assert caught.value.exit_code == 2
    assert (lab.asked, states(folder)) == (0, [])


async def test_an_unknown_evaluator_is_refused(lab: Any) -> None:
    folder = lab.folder()
    with pytest.raises(UsageError) as caught:
        await lab.run(folder=folder, task=lab.task(evaluators=(EvaluatorSpec(use="exacct"),)))
    assert "exact" in str(caught.value)
    assert (lab.asked, states(folder)) == (0, [])


@pytest.mark.parametrize("recipe", ["auto", "random-demos", "ape", "opro", "protegi"])
async def test_a_need_that_is_missing_is_named(lab: Any, recipe: str) -> None:
    folder, task = lab.folder(), lab.task()
    bare = tuple(one.model_copy(update={"outputs": ()}) for one in task.data.train)
    task = task.model_copy(update={"data": task.data.model_copy(update={"train": bare})})
    with pytest.raises(NeedsError) as caught:
        await lab.run(recipe, folder=folder, task=task)
    assert "needs train" in str(caught.value)
    assert caught.value.exit_code == 2
    assert (lab.asked, states(folder)) == (0, [])


async def test_an_evaluator_that_refuses_the_references_is_found_before_the_first_call(lab: Any) -> None:
    folder = lab.folder()
    task: Task = lab.task(evaluators=(EvaluatorSpec(use="json_fields"),))
    with pytest.raises(MaieuticError) as caught:
        await lab.run(folder=folder, task=task)
    assert caught.value.exit_code == 2
    assert lab.asked == 0
    assert set(states(folder)) <= {"failed"}


@pytest.mark.parametrize(("address", "key"), [("http://127.0.0.1:9/v1", "STUB_KEY"), (None, "NOT_SET_ANYWHERE")])
async def test_an_endpoint_that_cannot_be_used_fails_the_run_before_it_spends(
    lab: Any, log: Any, address: str | None, key: str
) -> None:
    folder = lab.folder()
    target = ModelRef.parse(f"openai/stub@{address or lab.target.base}", key_env=key)
    with pytest.raises(ModelError) as caught:
        await lab.run(folder=folder, task=lab.task(models=Models(target=target, optimizer=target)))
    assert caught.value.exit_code == 4
    assert (lab.asked, states(folder)) == (0, ["failed"])
    assert log(folder)[-1].kind == "run_failed"


async def test_a_run_whose_endpoint_dies_goes_on_when_it_is_back(lab: Any, ended: Any, log: Any) -> None:
    calm, folder = lab.folder(), lab.folder()
    await lab.run(folder=calm)
    lab.fresh()
    lab.target.fault = lambda _: Fault(status=403, text="the key was withdrawn") if lab.asked > 40 else None
    with pytest.raises(ModelError) as caught:
        await lab.run(folder=folder)
    assert caught.value.exit_code == 4
    assert states(folder) == ["failed"]
    assert log(folder)[-1].kind == "run_failed"
    lab.target.fault = lambda _: None
    done = await lab.resume(folder, budget=Budget(calls=90 + lab.asked))
    assert done.state == "finished"
    assert states(folder) == ["finished"]
    assert done.report.start.n == 12


async def test_a_policy_that_breaks_fails_the_run_by_name(lab: Any) -> None:
    from maieutic.plugins.strategies.beam_search import BeamSearch

    class Broken(BeamSearch):
        def ask(self, search: Any) -> Any:
            raise ZeroDivisionError("one over none")

    folder = lab.folder()
    registry = lab.registry(strategy={"broken": Broken})
    with pytest.raises(RunFailed) as caught:
        await lab.run("protegi", folder=folder, registry=registry, settings={"strategy": "broken"})
    assert "one over none" in str(caught.value)
    assert caught.value.exit_code == 1
    assert states(folder) == ["failed"]
