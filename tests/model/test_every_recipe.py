"""Every recipe once on the real embedded model: no crash, no invalid candidate, a report."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from maieutic.core.budget import Budget
from maieutic.core.candidate import Archive
from maieutic.core.dataset import Dataset
from maieutic.core.task import Task
from maieutic.examples import reviews
from maieutic.graphs.api import aoptimize
from maieutic.graphs.candidate_guards import rejection_reason
from maieutic.graphs.recipe_loader import all_recipes
from maieutic.plugins.system.registry import Registry
from maieutic.runtime.models.embedded.server import EmbeddedServer
from maieutic.runtime.store import Store
from maieutic.runtime.tasks.loader import load_task

ROWS = 8
CALLS = 20


# Without those for descriptions of tools, which no prompt alone has.
PROMPT_RECIPES = [one.name for one in all_recipes(Registry.load()) if "schema" not in one.needs]


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedServer]:
    """Held open, so that all runs of this module share one."""
    held = EmbeddedServer.start()
    yield held
    held.close()


def small_task() -> Task:
    task = load_task(Path(reviews.__file__).parent)
    data = task.data
    few = data.model_copy(update={split: data[split][:ROWS] for split in ("train", "val", "test")})
    elsewhere = Dataset(target=data["test"][ROWS : 2 * ROWS]).without_outputs(["target"])
    return task.model_copy(update={"data": few.model_copy(update={"target": elsewhere.target})})


@pytest.mark.model
@pytest.mark.parametrize(
    "recipe",
    [pytest.param(name, marks=[pytest.mark.slow] * (name != "auto")) for name in PROMPT_RECIPES],
)
async def test_a_recipe_runs_on_the_embedded_model(server: EmbeddedServer, tmp_path: Path, recipe: str) -> None:
    task = small_task()
    done = await aoptimize(task, recipe=recipe, budget=Budget(calls=CALLS, minutes=0.25), folder=tmp_path, run="r")
    assert done.state == "finished"
    assert done.report is not None
    assert done.report.start.n == done.report.best.n > 0
    with Store.open(tmp_path, read_only=True) as store:
        rows = store.ledger_sums("r")
        assert sum(cost.calls for cost in rows.used.values()) <= CALLS
        for one in store.candidates("r"):
            if one.operator != "start" and one.status != "rejected":
                assert rejection_reason(one.program, task, Archive()) == ""
