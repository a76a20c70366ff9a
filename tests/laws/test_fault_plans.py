"""Whatever an endpoint answers, a run ends with a report, keeps its laws, and stores nothing that cannot be read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from maieutic.core.budget import Budget, Ledger
from maieutic.core.errors import MaieuticError
from maieutic.core.models import Call, ModelRef, Reply, Sampling
from maieutic.runtime.models.gateway import ModelClient, RunGateway
from maieutic.runtime.store import RunRecord, Store
from maieutic.testing.fault_plan import WRONG_BODIES, FaultPlan
from maieutic.testing.faults import Fault, WrongBody
from maieutic.testing.run_harness import RunHarness
from maieutic.testing.stub_server import StubServer


def call(stub: StubServer) -> Call:
    model = ModelRef.parse(f"openai/stub@{stub.base}")
    return Call(model=model, messages=({"role": "user", "content": "hi"},), sampling=Sampling(max_tokens=8))


async def answer(stub: StubServer, folder: Path) -> Reply:
    """The reply to one call, through gateway, cache and store."""
    with Store.open(folder) as store:
        await store.create_run(RunRecord(id="r", task="faults", recipe="none"))
        async with ModelClient(transport="openai_compatible") as client:
            ledger = Ledger(budget=Budget(calls=20))
            gateway = RunGateway(run="r", store=store, ledger=ledger, client=client, concurrency=1)
            try:
                return await gateway.complete(call(stub), "target")
            finally:
                await gateway.aclose()


@pytest.mark.parametrize("kind", WRONG_BODIES)
async def test_an_answer_that_is_none_is_a_reply_or_an_error_of_ours(kind: WrongBody, tmp_path: Path) -> None:
    with StubServer(faults={0: Fault(how="body", body=kind)}) as stub:
        try:
            reply: Reply | None = await answer(stub, tmp_path)
        except MaieuticError:
            reply = None
        assert 1 <= stub.count <= 2
    assert reply is None or (reply.prompt_tokens >= 0 and reply.completion_tokens >= 0)
    assert reply is None or len(reply.text) <= 1_000_200
    with Store.open(tmp_path, read_only=True) as store:
        assert store.ledger_sums("r").paid["target"].calls >= 1


@pytest.mark.parametrize("how", ["truncated", "drip", "drop"])
async def test_a_broken_connection_is_asked_again_and_a_slow_one_is_waited_for(how: Any, tmp_path: Path) -> None:
    with StubServer(faults={0: Fault(how=how)}) as stub:
        assert (await answer(stub, tmp_path)).text == "ok"
        assert stub.count == (1 if how == "drip" else 2)


def test_a_plan_is_the_same_for_the_same_seed_and_keeps_a_log() -> None:
    first, second = FaultPlan(seed=1, share=0.5), FaultPlan(seed=1, share=0.5)
    assert [first(number) for number in range(200)] == [second(number) for number in range(200)]
    assert first.log == second.log
    assert sum(first.counts.values()) == len(first.log)
    assert 70 < len(first.log) < 130
    assert set(WRONG_BODIES) <= {fault.name for fault in first.faults}


@pytest.mark.parametrize("seed", [1, 2])
async def test_a_run_through_faults_ends_with_a_report_and_an_exact_ledger(harness: RunHarness, seed: int) -> None:
    plan = FaultPlan(seed=seed, share=0.15)
    folder = harness.new_folder()
    harness.target.fault = plan
    result = await harness.run("ape", calls=60, folder=Path(folder))
    assert result.report is not None
    assert plan.log
    with Store.open(folder, read_only=True) as store:
        paid = store.ledger_sums("r").paid
        assert sum(cost.calls for cost in paid.values()) <= harness.request_count
        numbers = [event.number for event in store.events("r")]
        assert numbers == list(range(1, len(numbers) + 1))
