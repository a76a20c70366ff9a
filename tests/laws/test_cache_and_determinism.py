"""L1 what was paid for is never paid again; L6 the same run is the same archive."""

from __future__ import annotations

from typing import Any

import pytest
from maieutic.core.budget import Budget


async def test_L1_a_second_run_pays_for_nothing_and_ends_the_same(lab: Any, ended: Any, any_recipe: str) -> None:
    folder = lab.folder()
    await lab.run(any_recipe, folder=folder)
    paid = lab.asked
    assert paid > 20
    second = await lab.run(any_recipe, folder=folder, run="again")
    assert lab.asked == paid
    assert ended(folder, "again") == ended(folder)
    assert second.report is not None
    assert second.report.cached == paid
    await lab.resume(folder)
    assert lab.asked == paid


async def test_L6_concurrency_and_latency_change_nothing(lab: Any, ended: Any, any_recipe: str) -> None:
    first = lab.folder()
    await lab.run(any_recipe, folder=first, concurrency=1)
    alone = ended(first)
    for concurrency, jitter in ((4, 0.0), (16, 0.02)):
        folder = lab.folder()
        lab.target.jitter = lab.author.jitter = jitter
        await lab.run(any_recipe, folder=folder, concurrency=concurrency)
        assert ended(folder) == alone


async def test_L6_another_seed_is_another_run(lab: Any, ended: Any) -> None:
    one, two = lab.folder(), lab.folder()
    await lab.run(folder=one, seed=1)
    await lab.run(folder=two, seed=2)
    assert ended(one).candidates != ended(two).candidates


@pytest.mark.parametrize("recipe", ["auto", "protegi", "ape", "mars"])
@pytest.mark.parametrize("tokens", [3000, 6000])
async def test_L6_a_warm_cache_changes_nothing_under_a_budget_of_tokens(
    lab: Any, ended: Any, log: Any, recipe: str, tokens: int
) -> None:
    """The search sees the same, and the report shows the same whole pairs: those that the log says were opened."""
    folder, budget = lab.folder(), Budget(tokens=tokens)
    cold = await lab.run(recipe, folder=folder, budget=budget)
    paid = lab.asked
    for concurrency, run in ((1, "again"), (16, "wide")):
        warm = await lab.run(recipe, folder=folder, run=run, budget=budget, concurrency=concurrency)
        assert ended(folder, run) == ended(folder)
        assert warm.report.rows == cold.report.rows
    assert lab.asked == paid
    opened = next(event.data["rows"] for event in log(folder) if event.kind == "test_opened")
    assert cold.report.start.n == cold.report.best.n == opened > 0
