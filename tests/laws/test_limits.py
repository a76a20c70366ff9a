"""A limit that cannot be kept is refused, one that was passed is reported, and time is looked at before each call."""

from __future__ import annotations

from pathlib import Path

import pytest
from maieutic.core.budget import Budget, Cost, Ledger, limits_passed
from maieutic.core.errors import BudgetSpent, NeedsError
from maieutic.core.models import Call
from maieutic.runtime.models.gateway import ModelClient, RunGateway
from maieutic.runtime.store import Store
from maieutic.testing.run_harness import RunHarness


async def test_dollars_without_a_known_price_are_refused_before_a_call(harness: RunHarness) -> None:
    with pytest.raises(NeedsError, match=r"the price of llamacpp/stub@.* is not known") as refused:
        await harness.run(budget=Budget(usd=0.5))
    assert (refused.value.exit_code, harness.request_count) == (2, 0)
    assert "--tokens" in refused.value.possible


async def test_minutes_are_looked_at_before_each_call(harness: RunHarness, tmp_path: Path) -> None:
    ledger, model = Ledger(budget=Budget(calls=9, minutes=1)), harness.task().models.target
    with Store.open(tmp_path) as store:
        async with ModelClient() as client:
            gateway = RunGateway(run="r", store=store, ledger=ledger, client=client, concurrency=1)
            gateway.is_out_of_time = lambda: True
            with pytest.raises(BudgetSpent, match="minutes"):
                await gateway.complete(Call(model=model, messages=({"role": "user", "content": "a"},)), "target")
            await gateway.aclose()
    assert harness.request_count == 0
    assert ledger.reserved.get("target", Cost()).calls == 0


def test_a_limit_that_was_passed_is_named() -> None:
    budget = Budget(calls=10, tokens=6000, usd=1.0)
    assert limits_passed(budget, Cost(calls=10, tokens=6000, usd=1.0)) == ()
    assert limits_passed(budget, Cost(calls=3, tokens=20480)) == (
        "the limit of 6,000 tokens was passed: 20,480 were billed",
    )
