from __future__ import annotations

import asyncio
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from maieutic.core.budget import Budget, Cost, Payer
from maieutic.core.errors import RunFailed
from maieutic.core.models import Reply
from maieutic.runtime.store import Attempt, RunRecord, Store

RUN, OTHER = "r-one", "r-two"
KEYS = (f"key-{number}" for number in count())
REPLY = Reply(text="positive", prompt_tokens=90, completion_tokens=2, usd=0.25, seconds=0.1)

replies = st.builds(
    Reply,
    text=st.text(max_size=30),
    prompt_tokens=st.integers(0, 2**40),
    completion_tokens=st.integers(0, 2**40),
    top_logprobs=st.lists(st.dictionaries(st.text(max_size=4), st.floats(allow_nan=False)), max_size=2).map(tuple),
    finish=st.sampled_from(["stop", "length"]),
    usd=st.floats(0, 1e6),
    seconds=st.floats(0, 1e6),
)


def attempt(key: str, *, run: str = RUN, payer: Payer = "target", tokens: int = 100) -> Attempt:
    role = "target" if payer == "target" else "critic"
    return Attempt(run=run, key=key, model="m", payer=payer, role=role, worst=Cost(calls=1, tokens=tokens, usd=1.0))


async def answer(store: Store, key: str, reply: Reply = REPLY, *, run: str = RUN, payer: Payer = "target") -> None:
    number = await store.begin_attempt(attempt(key, run=run, payer=payer))
    await store.finish_attempt(number, reply=reply, error=None)


@settings(max_examples=40, deadline=None)
@given(reply=replies)
def test_an_answer_is_found_by_its_key_word_for_word(shelf: Store, reply: Reply) -> None:
    key = next(KEYS)
    asyncio.run(answer(shelf, key, reply))
    assert shelf.cached_reply(key) == reply.model_copy(update={"cached": True})


async def test_l1_an_answer_that_one_run_paid_for_is_free_to_pay_for_others(store: Store) -> None:
    await store.create_run(RunRecord(id=OTHER, task="t", recipe="auto"))
    await answer(store, "k")
    assert store.cached_reply("k") is not None
    assert store.is_charged(RUN, "k")
    assert not store.is_charged(OTHER, "k")

    cost = Cost(calls=1, tokens=REPLY.tokens, usd=REPLY.usd)
    assert await store.charge_cached(OTHER, "k", "target", cost)
    assert not await store.charge_cached(OTHER, "k", "target", cost)

    assert store.is_charged(OTHER, "k")
    assert store.ledger_sums(OTHER).used == {"target": cost}
    assert store.ledger_sums(OTHER).paid == {}
    assert store.ledger_sums(RUN).used == store.ledger_sums(RUN).paid == {"target": cost}


async def test_what_a_run_paid_for_itself_is_not_charged_again(store: Store) -> None:
    await answer(store, "k")
    assert not await store.charge_cached(RUN, "k", "target", Cost(calls=1))
    assert store.ledger_sums(RUN).used["target"].calls == 1


async def test_the_first_answer_to_a_key_stays(store: Store) -> None:
    await answer(store, "k")
    await answer(store, "k", Reply(text="negative"))
    reply = store.cached_reply("k")
    assert reply is not None
    assert reply.text == "positive"
    assert store.ledger_sums(RUN).paid["target"].calls == 2


async def test_l4_the_ledger_is_the_sum_of_what_was_sent(store: Store) -> None:
    await answer(store, "a")
    await answer(store, "b", payer="optimizer")
    failed = await store.begin_attempt(attempt("c"))
    await store.finish_attempt(failed, reply=None, error="503")
    await store.begin_attempt(attempt("d", tokens=70))
    await store.begin_attempt(attempt("e", payer="optimizer", tokens=30))

    rows = store.ledger_sums(RUN)
    one = Cost(calls=1, tokens=92, usd=0.25)
    assert rows.paid == rows.used == {"target": one + Cost(calls=1), "optimizer": one}
    assert (rows.lost, rows.in_flight) == (2, 2)
    assert rows.lost_worst == {
        "target": Cost(calls=1, tokens=70, usd=1.0),
        "optimizer": Cost(calls=1, tokens=30, usd=1.0),
    }
    assert sum(cost.calls for cost in rows.paid.values()) + rows.lost == 5


async def test_a_ledger_goes_on_where_its_rows_end(store: Store) -> None:
    await answer(store, "a")
    await store.begin_attempt(attempt("b"))
    ledger = store.ledger_sums(RUN).ledger(Budget(calls=3))
    assert (ledger.calls_left("target"), ledger.lost) == (2, 1)


async def test_what_a_dead_process_left_is_given_up_once(store: Store) -> None:
    await answer(store, "a")
    number = await store.begin_attempt(attempt("b"))
    assert await store.mark_lost(RUN) == 1
    assert await store.mark_lost(RUN) == 0
    assert (store.ledger_sums(RUN).lost, store.ledger_sums(RUN).in_flight) == (1, 0)

    await store.finish_attempt(number, reply=REPLY, error=None)
    assert store.ledger_sums(RUN).lost == 0
    assert store.cached_reply("b") is not None


async def test_an_outcome_is_written_once(store: Store) -> None:
    number = await store.begin_attempt(attempt("a"))
    await store.finish_attempt(number, reply=None, error="time-out")
    await store.finish_attempt(number, reply=REPLY, error=None)
    assert store.cached_reply("a") is None
    assert store.ledger_sums(RUN).paid == {"target": Cost(calls=1)}


async def test_a_failed_attempt_answers_nothing_and_hides_the_key_of_the_endpoint(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STORE_TEST_API_KEY", "sk-secret-value")
    number = await store.begin_attempt(attempt("a"))
    await store.finish_attempt(number, reply=None, error="401: sk-secret-value is no key")
    assert store.cached_reply("a") is None
    assert not store.is_charged(RUN, "a")
    assert b"sk-secret-value" not in b"".join(one.read_bytes() for one in store.path.parent.iterdir())


async def test_calls_belong_to_a_run_that_exists(store: Store) -> None:
    with pytest.raises(RunFailed, match="FOREIGN KEY"):
        await store.begin_attempt(attempt("a", run="r-unknown"))


def test_a_key_is_looked_up_in_the_primary_index(store: Store) -> None:
    with store._readers.borrow() as connection:
        plan = connection.execute("EXPLAIN QUERY PLAN SELECT reply FROM calls WHERE key = 'k'").fetchall()
    assert "sqlite_autoindex_calls_1" in plan[0][-1]


async def test_spending_is_summed_by_role_and_model(store: Store) -> None:
    for key in ("a", "b"):
        await answer(store, key)
    await answer(store, "c", payer="optimizer")
    await store.begin_attempt(attempt("d"))  # in flight: not paid yet
    rows = [(row.role, row.model, row.calls, row.tokens, row.usd) for row in store.spending_by_role(RUN)]
    assert rows == [("target", "m", 2, 2 * REPLY.tokens, 0.5), ("critic", "m", 1, REPLY.tokens, 0.25)]
