"""A limit that cannot be kept is refused, one that was passed is reported, and time is looked at before each call."""

from __future__ import annotations

from pathlib import Path

import pytest
from maieutic.core.budget import Budget, Cost, Ledger, limits_passed
from maieutic.core.errors import BudgetSpent, NeedsError
from maieutic.core.models import Call, ModelRef
from maieutic.core.task import Models
from maieutic.runtime.models.gateway import ModelClient, RunGateway
from maieutic.runtime.store import RunRecord, Store
from maieutic.testing import StubServer
from maieutic.testing.run_harness import RunHarness, events_of


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


async def ask(gateway: RunGateway, model: ModelRef, count: int) -> int:
    """How many of so many calls, one after the other, fitted into the budget."""
    for number in range(count):
        try:
            await gateway.complete(Call(model=model, messages=({"role": "user", "content": f"n {number}"},)), "target")
        except BudgetSpent:
            return number
    return count


async def test_what_an_endpoint_bills_is_the_worst_case_of_the_next_call(tmp_path: Path) -> None:
    usage = {"prompt_tokens": 2000, "completion_tokens": 0}
    with StubServer(usage=usage) as stub, Store.open(tmp_path) as store:
        model = ModelRef.parse(f"llamacpp/stub@{stub.base}")
        for run, limit, calls in (("first", 6000, 2), ("resumed", 9000, 4), ("cached", 6000, 2)):
            # A run that is resumed knows what was billed before.
            name = "first" if run == "resumed" else run
            if run != "resumed":
                await store.create_run(RunRecord(id=name, task="t", recipe="auto"))
            ledger = store.ledger_sums(name).ledger(Budget(tokens=limit))
            async with ModelClient() as client:
                gateway = RunGateway(run=name, store=store, ledger=ledger, client=client, concurrency=1)
                assert await ask(gateway, model, 9) == calls
                await gateway.aclose()
            assert ledger.view().total.tokens <= limit
        assert stub.count == 4


@pytest.mark.parametrize("usage", [{"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}, {}])
async def test_a_usage_of_nothing_does_not_run_for_ever(tmp_path: Path, usage: dict[str, int]) -> None:
    ledger = Ledger(budget=Budget(tokens=3000))
    with StubServer(usage=usage) as stub, Store.open(tmp_path) as store:
        await store.create_run(RunRecord(id="r", task="t", recipe="auto"))
        async with ModelClient() as client:
            gateway = RunGateway(run="r", store=store, ledger=ledger, client=client, concurrency=1)
            assert await ask(gateway, ModelRef.parse(f"llamacpp/stub@{stub.base}"), 200) < 200
            await gateway.aclose()
    assert 2000 < ledger.view().total.tokens <= 3000


async def test_a_passed_limit_is_an_event_and_a_line_of_the_report(tmp_path: Path, harness: RunHarness) -> None:
    usage = {"prompt_tokens": 40_000, "completion_tokens": 2}
    with StubServer(usage=usage) as stub:
        model = ModelRef.parse(f"llamacpp/stub@{stub.base}")
        task = harness.task().model_copy(update={"models": Models(target=model, optimizer=model)})
        budget = Budget(tokens=30_000)
        result = await harness.run("random-demos", task=task, budget=budget, folder=tmp_path / "s", concurrency=1)
        assert stub.count <= 2, "one call in flight"
    assert result.report is not None
    (line,) = result.report.limits_passed
    assert [event.data["reason"] for event in events_of(tmp_path / "s") if event.kind == "limit_passed"] == [line]


def test_a_limit_that_was_passed_is_named() -> None:
    budget = Budget(calls=10, tokens=6000, usd=1.0)
    assert limits_passed(budget, Cost(calls=10, tokens=6000, usd=1.0)) == ()
    assert limits_passed(budget, Cost(calls=3, tokens=20480)) == (
        "the limit of 6,000 tokens was passed: 20,480 were billed",
    )
