"""L3 the budget holds; L4 ledger, rows and endpoint agree; and a run that cannot afford much says so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from maieutic.core.budget import Budget, Cost
from maieutic.runtime.store import LedgerSums, Store
from maieutic.testing import Fault
from maieutic.testing.run_harness import RunHarness


def rows(folder: Path) -> LedgerSums:
    with Store.open(folder, read_only=True) as store:
        return store.ledger_sums("r")


@pytest.mark.parametrize("recipe", ["auto", "protegi", "mars"])
@pytest.mark.parametrize("calls", [1, 7, 50])
@pytest.mark.parametrize("concurrency", [1, 16])
async def test_L3_the_endpoint_never_sees_more_than_the_budget(
    harness: RunHarness, summary: Any, recipe: str, calls: int, concurrency: int
) -> None:
    folder = harness.new_folder()
    done = await harness.run(recipe, calls, folder=folder, concurrency=concurrency)
    assert harness.request_count <= calls
    assert done.state == "finished"
    assert done.report.verdict in ("improved", "no evidence of improvement", "worse")
    assert done.report.calls.target + done.report.calls.optimizer == harness.request_count
    if calls < 30:
        assert any("to stay within the budget" in one for one in done.report.warnings)
        assert done.report.verdict == "no evidence of improvement"
    assert summary(folder).best == done.candidate


@pytest.mark.parametrize("calls", [7, 50])
async def test_L3_no_recipe_passes_its_budget(harness: RunHarness, any_recipe: str, calls: int) -> None:
    folder = harness.new_folder()
    done = await harness.run(any_recipe, calls, folder=folder, concurrency=8)
    told = rows(folder)
    assert harness.request_count <= calls
    assert harness.request_count == sum(cost.calls for cost in told.paid.values())
    assert done.state == "finished"


async def test_L3_a_budget_of_tokens_holds_and_leaves_the_report_its_share(
    harness: RunHarness, any_recipe: str
) -> None:
    folder = harness.new_folder()
    done = await harness.run(any_recipe, folder=folder, budget=Budget(tokens=6000))
    spent = sum(rows(folder).used.values(), Cost())
    assert spent.tokens <= 6000
    assert spent.calls == harness.request_count
    assert done.report.start.n == done.report.best.n > 0


async def test_L3_a_budget_of_time_ends_the_search_and_not_the_report(harness: RunHarness, log: Any) -> None:
    folder = harness.new_folder()
    done = await harness.run(folder=folder, budget=Budget(minutes=1e-4))
    assert done.report.start.n == 12
    assert log(folder)[-1].data["reason"] == "the time is up"


async def test_L3_a_budget_of_target_calls_leaves_out_the_sealed_test(harness: RunHarness) -> None:
    done = await harness.run(budget=Budget(target_calls=30))
    sealed = ["test word" in body["messages"][-1]["content"] for body in harness.target_bodies]
    assert sealed.count(False) <= 30
    assert sealed.count(True) >= 12
    assert done.report.start.n == done.report.best.n == 12


@pytest.mark.parametrize("recipe", ["auto", "protegi"])
async def test_L4_ledger_rows_and_endpoint_agree_through_errors(harness: RunHarness, recipe: str) -> None:
    fault = {0: Fault(status=500), 1: Fault(status=429, retry_after="0.001")}
    harness.target.fault = lambda number: fault.get(number % 11)
    harness.optimizer.fault = lambda number: fault.get(number % 7)
    folder = harness.new_folder()
    done = await harness.run(recipe, 80, folder=folder)
    told = rows(folder)
    assert sum(cost.calls for cost in told.paid.values()) == harness.request_count <= 80
    assert sum(cost.calls for cost in told.used.values()) == harness.request_count
    assert told.lost == told.in_flight == 0
    assert done.report.paid.target + done.report.paid.optimizer == harness.request_count
    assert sum(cost.tokens for cost in told.paid.values()) == done.report.tokens
