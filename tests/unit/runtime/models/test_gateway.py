"""L1, L3 and L4, through a real server that counts what it sees, on both lanes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from maieutic.core.budget import Cost
from maieutic.core.errors import BudgetSpent, ModelError
from maieutic.core.models import Call
from maieutic.runtime.models.gateway import RunGateway
from maieutic.runtime.store import Store
from maieutic.testing import Fault, ScriptedModel, StubServer

Open = Callable[..., RunGateway]
Ask = Callable[..., Call]


async def complete_all(gateway: RunGateway, calls: list[Call]) -> list[object]:
    return await asyncio.gather(*(gateway.complete(call, "target") for call in calls), return_exceptions=True)


async def test_L1_an_answer_is_paid_once_whoever_asks_again(gateway: Open, ask: Ask, store: Store) -> None:
    with StubServer(ScriptedModel({"hello": "hi"})) as stub:
        first = gateway("r-0")
        paid = await first.complete(ask(stub), "target")
        again = await first.complete(ask(stub), "target")
        resumed = gateway("r-0")
        after = await resumed.complete(ask(stub), "target")
        other = gateway("r-1")
        elsewhere = await other.complete(ask(stub), "target")
        assert stub.count == 1
    assert not paid.cached
    assert again.cached
    assert after.cached
    assert elsewhere.cached
    assert {paid.text, again.text, after.text, elsewhere.text} == {"hi"}
    assert first.ledger.view().total.calls == resumed.ledger.view().total.calls == 1
    cost = Cost(calls=1, tokens=paid.tokens)
    assert other.ledger.used == {"target": cost}
    assert other.ledger.paid == {}
    rows = store.ledger_sums("r-1")
    assert rows.used == {"target": cost}
    assert rows.paid == {}


async def test_L1_identical_requests_under_way_are_one(gateway: Open, ask: Ask) -> None:
    with StubServer(latency=0.02) as stub:
        mine, other = gateway("r-0", concurrency=16), gateway("r-1", concurrency=16)
        asked = [one.complete(ask(stub), "target") for one in [mine] * 8 + [other] * 8]
        replies = await asyncio.gather(*asked)
        assert stub.count == 1
    assert sum(not reply.cached for reply in replies) == 1
    assert mine.ledger.view().total.calls == other.ledger.view().total.calls == 1
    assert mine.ledger.view().total_paid.calls + other.ledger.view().total_paid.calls == 1


async def test_L1_draws_of_one_request_are_paid_each(gateway: Open, ask: Ask) -> None:
    with StubServer() as stub:
        one = gateway()
        replies = await complete_all(one, [ask(stub, sample=n, temperature=1.0, seed=5) for n in range(3)])
        assert stub.count == 3
        assert sorted(body["seed"] for body in stub.seen.bodies) == [5, 6, 7]
    assert len(replies) == 3


@pytest.mark.parametrize("concurrency", [1, 16])
@pytest.mark.parametrize("budget", [1, 7, 50])
async def test_L3_the_endpoint_never_sees_more_than_the_budget(
    gateway: Open, ask: Ask, store: Store, budget: int, concurrency: int
) -> None:
    with StubServer(faults=lambda number: Fault(status=500) if number % 3 == 1 else None) as stub:
        one = gateway("r-0", concurrency=concurrency, calls=budget)
        outcomes = await complete_all(one, [ask(stub, f"row {n}") for n in range(60)])
        assert stub.count == budget
    assert any(isinstance(outcome, BudgetSpent) for outcome in outcomes)
    assert one.ledger.view().total.calls == budget
    assert one.ledger.reserved["target"] == Cost()
    assert store.ledger_sums("r-0").paid["target"].calls == budget


@pytest.mark.parametrize("concurrency", [1, 16])
async def test_L3_tokens_are_reserved_at_their_worst(gateway: Open, ask: Ask, concurrency: int) -> None:
    with StubServer(ScriptedModel({}, otherwise="one two three")) as stub:
        one = gateway(concurrency=concurrency, tokens=400)
        outcomes = await complete_all(one, [ask(stub, f"row {n}") for n in range(60)])
        seen = stub.seen.tokens
    answered = sum(not isinstance(outcome, BaseException) for outcome in outcomes)
    assert one.ledger.view().total.tokens == seen <= 400
    assert answered == 40, "what was reserved and not taken is given to others, whatever the concurrency"


@pytest.mark.parametrize("concurrency", [1, 16])
@pytest.mark.parametrize("known", [slice(0), slice(None), slice(0, None, 3)])
async def test_L6_what_fits_does_not_depend_on_what_the_cache_holds(
    gateway: Open, ask: Ask, concurrency: int, known: slice
) -> None:
    """The calls differ in size: a small one that comes after a large one does not take its place."""
    with StubServer(ScriptedModel({}, otherwise="one two three")) as stub:
        calls = [ask(stub, f"row {n} " + "word " * (n % 5)) for n in range(60)]
        alone = await complete_all(gateway("r-0", concurrency=1, tokens=400), calls)
        await complete_all(gateway("r-1"), calls[known])
        again = await complete_all(gateway("r-2", concurrency=concurrency, tokens=400), calls)
    refused = [isinstance(one, BudgetSpent) for one in alone]
    assert [isinstance(one, BudgetSpent) for one in again] == refused
    assert True in refused
    assert False in refused


async def test_who_is_cancelled_while_waiting_for_a_place_gives_its_reservation_back(gateway: Open, ask: Ask) -> None:
    with StubServer(faults={0: Fault(how="hang")}) as stub:
        one = gateway("r-0", concurrency=1, calls=3)
        first, second = (asyncio.create_task(one.complete(ask(stub, f"row {n}"), "target")) for n in range(2))
        await asyncio.to_thread(stub.wait_for, 1)
        second.cancel()
        await asyncio.gather(second, return_exceptions=True)
        assert one.ledger.reserved["target"].calls == 1
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        await one.aclose()
    assert one.ledger.reserved["target"] == Cost()
    assert one.ledger.lost == 1


async def test_L4_ledger_rows_and_endpoint_agree(gateway: Open, ask: Ask, store: Store) -> None:
    faults = {2: Fault(status=500), 5: Fault(status=429, retry_after="3"), 9: Fault(how="drop")}
    with StubServer(faults=faults) as stub:
        one = gateway("r-0", concurrency=4)
        targets = [one.complete(ask(stub, f"row {n}"), "target") for n in range(12)]
        authors = [one.complete(ask(stub, f"think {n}"), "optimizer") for n in range(5)]
        replies = await asyncio.gather(*targets, *authors)
        view, rows = one.ledger.view(), store.ledger_sums("r-0")
        assert view.total_paid.calls == stub.count == 17 + len(faults)
        assert view.total_paid.tokens == stub.seen.tokens == sum(reply.tokens for reply in replies)
    assert rows.paid == view.paid
    assert rows.used == view.used
    assert rows.lost == view.lost == 0


async def test_L4_a_request_that_never_left_is_in_no_account(gateway: Open, ask: Ask, store: Store) -> None:
    stub = StubServer().start()
    call = ask(stub)
    stub.stop()
    one = gateway("r-0")
    with pytest.raises(ModelError):
        await one.complete(call, "target")
    assert one.ledger.view().total == Cost()
    rows = store.ledger_sums("r-0")
    assert (rows.used, rows.lost) == ({}, 0)


async def test_L4_a_cancelled_request_is_lost_in_both_books(gateway: Open, ask: Ask, store: Store) -> None:
    with StubServer(faults={0: Fault(how="hang")}) as stub:
        one = gateway("r-0", calls=2)
        asking = asyncio.create_task(one.complete(ask(stub), "target"))
        await asyncio.to_thread(stub.wait_for, 1)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        await one.aclose()
        assert one.ledger.lost == store.ledger_sums("r-0").lost == stub.count == 1
        assert one.ledger.reserved["target"] == Cost()
        reply = await one.complete(ask(stub), "target")
    assert reply.text == "ok"


async def test_who_waits_for_the_same_answer_keeps_it_when_the_first_is_cancelled(gateway: Open, ask: Ask) -> None:
    with StubServer(latency=0.05) as stub:
        one = gateway()
        first, second = (asyncio.create_task(one.complete(ask(stub), "target")) for _ in range(2))
        await asyncio.to_thread(stub.wait_for, 1)
        first.cancel()
        assert (await second).text == "ok"
        assert stub.count == 1
    assert one.ledger.lost == 0


async def test_who_asks_for_what_a_cancelled_caller_sent_gets_its_answer(gateway: Open, ask: Ask) -> None:
    with StubServer(latency=0.05) as stub:
        one = gateway()
        first = asyncio.create_task(one.complete(ask(stub), "target"))
        await asyncio.to_thread(stub.wait_for, 1)
        first.cancel()
        await asyncio.sleep(0)
        assert (await one.complete(ask(stub), "target")).text == "ok"
        assert stub.count == 1, "it was sent, so it is paid for"


async def test_who_asks_while_an_unsent_request_is_being_cancelled_is_not_cancelled_with_it(
    gateway: Open, ask: Ask
) -> None:
    with StubServer() as stub:
        one = gateway()
        first = asyncio.create_task(one.complete(ask(stub), "target"))
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.sleep(0)
        assert (await one.complete(ask(stub), "target")).text == "ok"
        assert stub.count == 1


async def test_answers_to_what_was_sent_are_stored_when_the_run_ends(gateway: Open, ask: Ask, store: Store) -> None:
    """Cancelled, as by Ctrl-C, and then closed: what is at the endpoint is paid, and a resume finds the answer."""
    with StubServer(latency=0.05) as stub:
        one = gateway("r-0", concurrency=4, settle_seconds=30.0)
        asking = [asyncio.create_task(one.complete(ask(stub, f"row {n}"), "target")) for n in range(9)]
        await asyncio.to_thread(stub.wait_for, 4)
        for task in asking:
            task.cancel()
        await one.aclose()
        rows = store.ledger_sums("r-0")
        assert (rows.lost, one.ledger.lost) == (0, 0)
        assert rows.paid["target"].calls == stub.count
        await complete_all(gateway("r-0"), [ask(stub, f"row {n}") for n in range(9)])
        assert stub.count == 9


async def test_what_nobody_waits_for_is_not_tried_again(gateway: Open, ask: Ask, store: Store) -> None:
    with StubServer(latency=0.05, faults=lambda number: Fault(status=500)) as stub:
        one = gateway("r-0", settle_seconds=30.0)
        asking = asyncio.create_task(one.complete(ask(stub), "target"))
        await asyncio.to_thread(stub.wait_for, 1)
        asking.cancel()
        await one.aclose()
        assert stub.count == store.ledger_sums("r-0").paid["target"].calls == 1


async def test_closing_gives_up_what_is_under_way(gateway: Open, ask: Ask, store: Store) -> None:
    with StubServer(faults=lambda number: Fault(how="hang")) as stub:
        one = gateway("r-0")
        asking = asyncio.create_task(one.complete(ask(stub), "target"))
        await asyncio.to_thread(stub.wait_for, 1)
        await one.aclose()
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert one.ledger.lost == store.ledger_sums("r-0").lost == stub.count == 1


async def test_likeness_is_one_request_for_all_texts_kept_and_counted(gateway: Open, ask: Ask, store: Store) -> None:
    with StubServer() as stub:
        texts = ("a red rose", "the red rose", "a red rose", "42")
        call = ask(stub).model_copy(update={"messages": tuple({"role": "user", "content": one} for one in texts)})
        first = gateway("r-0")
        near, same, far = await first.similarities(call)
        assert await gateway("r-1").similarities(call) == (near, same, far)
        assert stub.count == 1
        assert stub.seen.bodies[0]["input"] == list(texts)
        assert stub.seen.tokens == first.ledger.view().total.tokens
    assert same == pytest.approx(1.0)
    assert 0 <= far < near < same
    assert first.ledger.used == store.ledger_sums("r-0").used == {"optimizer": Cost(calls=1, tokens=stub.seen.tokens)}
    assert store.ledger_sums("r-1").paid == {}


async def test_likeness_that_does_not_fit_or_is_refused_is_an_error(gateway: Open, ask: Ask) -> None:
    with StubServer(names=("other",)) as stub:
        with pytest.raises(ModelError, match="there is no model"):
            await gateway("r-0").similarities(ask(stub))
        with pytest.raises(BudgetSpent):
            await gateway("r-1", tokens=3).similarities(ask(stub))
