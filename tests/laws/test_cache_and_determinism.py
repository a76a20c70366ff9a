"""L1 what was paid for is never paid again; L6 the same run is the same archive."""

from __future__ import annotations

from typing import Any

import pytest
from maieutic.core.budget import Budget
from maieutic.testing.run_harness import RunHarness


async def test_L1_a_second_run_pays_for_nothing_and_ends_the_same(
    harness: RunHarness, summary: Any, any_recipe: str
) -> None:
    folder = harness.new_folder()
    await harness.run(any_recipe, folder=folder)
    paid = harness.request_count
    assert paid > 20
    second = await harness.run(any_recipe, folder=folder, run="again")
    assert harness.request_count == paid
    assert summary(folder, "again") == summary(folder)
    assert second.report is not None
    assert second.report.cached == paid
    await harness.resume(folder)
    assert harness.request_count == paid


async def test_L6_concurrency_and_latency_change_nothing(harness: RunHarness, summary: Any, any_recipe: str) -> None:
    first = harness.new_folder()
    await harness.run(any_recipe, folder=first, concurrency=1)
    alone = summary(first)
    for concurrency, jitter in ((4, 0.0), (16, 0.02)):
        folder = harness.new_folder()
        harness.target.jitter = harness.optimizer.jitter = jitter
        await harness.run(any_recipe, folder=folder, concurrency=concurrency)
        assert summary(folder) == alone


async def test_L6_another_seed_is_another_run(harness: RunHarness, summary: Any) -> None:
    one, two = harness.new_folder(), harness.new_folder()
    await harness.run(folder=one, seed=1)
    await harness.run(folder=two, seed=2)
    assert summary(one).candidates != summary(two).candidates


@pytest.mark.parametrize("recipe", ["auto", "protegi", "ape", "mars"])
@pytest.mark.parametrize("tokens", [3000, 6000])
async def test_L6_a_warm_cache_changes_nothing_under_a_budget_of_tokens(
    harness: RunHarness, summary: Any, log: Any, recipe: str, tokens: int
) -> None:
    """The search sees the same, and the report shows the same whole pairs: those that the log says were opened."""
    folder, budget = harness.new_folder(), Budget(tokens=tokens)
    cold = await harness.run(recipe, folder=folder, budget=budget)
    paid = harness.request_count
    for concurrency, run in ((1, "again"), (16, "wide")):
        warm = await harness.run(recipe, folder=folder, run=run, budget=budget, concurrency=concurrency)
        assert summary(folder, run) == summary(folder)
        assert warm.report.rows == cold.report.rows
    assert harness.request_count == paid
    opened = next(event.data["rows"] for event in log(folder) if event.kind == "test_opened")
    assert cold.report.start.n == cold.report.best.n == opened > 0
