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
from maieutic.testing.run_harness import RunHarness


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
async def test_wrong_words_are_refused(
    harness: RunHarness, options: dict[str, Any], error: type[MaieuticError]
) -> None:
    folder = harness.new_folder()
    with pytest.raises(error) as caught:
        await harness.run(folder=folder, **options)
    assert caught.value.exit_code == 2
    assert (harness.request_count, states(folder)) == (0, [])


async def test_an_unknown_evaluator_is_refused(harness: RunHarness) -> None:
    folder = harness.new_folder()
    with pytest.raises(UsageError) as caught:
        await harness.run(folder=folder, task=harness.task(evaluators=(EvaluatorSpec(use="exacct"),)))
    assert "exact" in str(caught.value)
    assert (harness.request_count, states(folder)) == (0, [])


@pytest.mark.parametrize("recipe", ["auto", "random-demos", "ape", "opro", "protegi"])
async def test_a_need_that_is_missing_is_named(harness: RunHarness, recipe: str) -> None:
    folder, task = harness.new_folder(), harness.task()
    bare = tuple(one.model_copy(update={"outputs": ()}) for one in task.data.train)
    task = task.model_copy(update={"data": task.data.model_copy(update={"train": bare})})
    with pytest.raises(NeedsError) as caught:
        await harness.run(recipe, folder=folder, task=task)
    assert "needs train" in str(caught.value)
    assert caught.value.exit_code == 2
    assert (harness.request_count, states(folder)) == (0, [])


async def test_an_evaluator_that_refuses_the_references_is_found_before_the_first_call(harness: RunHarness) -> None:
    folder = harness.new_folder()
    task: Task = harness.task(evaluators=(EvaluatorSpec(use="json_fields"),))
    with pytest.raises(MaieuticError) as caught:
        await harness.run(folder=folder, task=task)
    assert caught.value.exit_code == 2
    assert harness.request_count == 0
    assert set(states(folder)) <= {"failed"}


@pytest.mark.parametrize(("address", "key"), [("http://127.0.0.1:9/v1", "STUB_KEY"), (None, "NOT_SET_ANYWHERE")])
async def test_an_endpoint_that_cannot_be_used_fails_the_run_before_it_spends(
    harness: RunHarness, log: Any, address: str | None, key: str
) -> None:
    folder = harness.new_folder()
    target = ModelRef.parse(f"openai/stub@{address or harness.target.base}", key_env=key)
    with pytest.raises(ModelError) as caught:
        await harness.run(folder=folder, task=harness.task(models=Models(target=target, optimizer=target)))
    assert caught.value.exit_code == 4
    assert (harness.request_count, states(folder)) == (0, ["failed"])
    assert log(folder)[-1].kind == "run_failed"


async def test_a_run_whose_endpoint_dies_goes_on_when_it_is_back(harness: RunHarness, summary: Any, log: Any) -> None:
    calm, folder = harness.new_folder(), harness.new_folder()
    await harness.run(folder=calm)
    harness.reset()
    harness.target.fault = lambda _: (
        Fault(status=403, text="the key was withdrawn") if harness.request_count > 40 else None
    )
    with pytest.raises(ModelError) as caught:
        await harness.run(folder=folder)
    assert caught.value.exit_code == 4
    assert states(folder) == ["failed"]
    assert log(folder)[-1].kind == "run_failed"
    harness.target.fault = lambda _: None
    done = await harness.resume(folder, budget=Budget(calls=90 + harness.request_count))
    assert done.state == "finished"
    assert states(folder) == ["finished"]
    assert done.report.start.n == 12


async def test_a_policy_that_breaks_fails_the_run_by_name(harness: RunHarness) -> None:
    from maieutic.plugins.strategies.beam_search import BeamSearch

    class Broken(BeamSearch):
        def ask(self, search: Any) -> Any:
            raise ZeroDivisionError("one over none")

    folder = harness.new_folder()
    registry = harness.registry(strategy={"broken": Broken})
    with pytest.raises(RunFailed) as caught:
        await harness.run("protegi", folder=folder, registry=registry, settings={"strategy": "broken"})
    assert "one over none" in str(caught.value)
    assert caught.value.exit_code == 1
    assert states(folder) == ["failed"]
