"""What is tried again, how long it waits, and what ends at once."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from maieutic.core.errors import ModelError
from maieutic.core.models import Call, ModelRef
from maieutic.runtime.models.client import ModelClient
from maieutic.runtime.models.gateway import RunGateway
from maieutic.runtime.models.throttle import AdaptiveLimiter, RetryPolicy
from maieutic.runtime.models.transports.base import TransportError
from maieutic.runtime.models.transports.wire import retry_after_seconds
from maieutic.runtime.store import Store
from maieutic.testing import Answer, Fault, ScriptedModel, StubServer

Open = Callable[..., RunGateway]
Ask = Callable[..., Call]


@pytest.mark.parametrize(
    "fault",
    [Fault(status=status) for status in (408, 409, 429, 500, 502, 503)] + [Fault(how="drop")],
    ids=lambda fault: fault.how if fault.how != "status" else str(fault.status),
)
async def test_what_may_pass_is_tried_again(gateway: Open, ask: Ask, fault: Fault, clock: Any) -> None:
    with StubServer(faults=[fault, fault]) as stub:
        reply = await gateway().complete(ask(stub), "target")
        assert stub.count == 3
    assert reply.text == "ok"
    assert len(clock.slept) >= 2


async def test_a_time_out_is_tried_again(gateway: Open, ask: Ask) -> None:
    with StubServer(faults=[Fault(how="hang")]) as stub:
        assert (await gateway(timeout=1.0).complete(ask(stub), "target")).text == "ok"
        assert stub.count == 2


def test_who_was_too_slow_gets_twice_as_long() -> None:
    patience = RetryPolicy(timeout=100.0, max_timeout=300.0)
    assert [patience.timeout_after(late) for late in range(4)] == [100.0, 200.0, 300.0, 300.0]
    assert RetryPolicy(timeout=900.0).timeout_after(2) == 900.0


def test_requests_that_are_too_slow_together_halve_what_runs_at_once(clock: Any) -> None:
    traffic = AdaptiveLimiter(8, clock)
    slow = TransportError("no answer", kind="timeout", where="http://here", remedy="wait")
    for _ in range(3):
        traffic.on_error(slow, ticket=0)
    assert traffic.limit == 4


async def test_the_endpoint_says_how_long_to_wait(gateway: Open, ask: Ask, clock: Any) -> None:
    with StubServer(faults=[Fault(status=429, retry_after="7")]) as stub:
        await gateway().complete(ask(stub), "target")
    assert 7 <= sum(clock.slept) < 8


async def test_a_wait_beyond_patience_ends_at_once(gateway: Open, ask: Ask, clock: Any) -> None:
    with StubServer(faults=[Fault(status=429, retry_after="3600")]) as stub:
        with pytest.raises(ModelError, match="asked too often"):
            await gateway().complete(ask(stub), "target")
        assert stub.count == 1
    assert clock.slept == []


async def test_exhausted_retries_say_what_where_and_what_to_do(gateway: Open, ask: Ask) -> None:
    with StubServer(faults=lambda number: Fault(status=503, text="overloaded")) as stub:
        with pytest.raises(ModelError) as raised:
            await gateway(attempts=3).complete(ask(stub), "target")
        assert stub.count == 3
        block = str(raised.value)
        assert stub.base in block
    assert raised.value.exit_code == 4
    assert "openai/stub" in block
    assert "503" in block
    assert "overloaded" in block
    assert "3 attempts" in block
    assert raised.value.remedy


async def test_a_wrong_key_ends_at_once_and_is_not_repeated(
    gateway: Open, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STUB_KEY", "sk-very-secret")
    with StubServer(key="sk-another") as stub:
        with pytest.raises(ModelError) as raised:
            await gateway().complete(ask(stub, key_env="STUB_KEY"), "target")
        assert stub.count == 1
    assert "does not accept the key" in raised.value.what
    assert "STUB_KEY" in str(raised.value)
    assert "sk-very-secret" not in str(raised.value)


async def test_the_right_key_is_sent(gateway: Open, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STUB_KEY", "sk-right")
    with StubServer(key="sk-right") as stub:
        assert (await gateway().complete(ask(stub, key_env="STUB_KEY"), "target")).text == "ok"


async def test_a_key_that_is_named_but_missing_spends_nothing(gateway: Open, ask: Ask, store: Store) -> None:
    one = gateway("r-0")
    with StubServer() as stub:
        with pytest.raises(ModelError, match="has no key"):
            await one.complete(ask(stub, key_env="NOT_SET_ANYWHERE"), "target")
        assert stub.count == 0
    assert (one.ledger.lost, store.ledger_sums("r-0").lost) == (0, 0)


async def test_an_unknown_model_ends_at_once(gateway: Open, ask: Ask, transport: str) -> None:
    with StubServer(names=("small", "large")) as stub:
        with pytest.raises(ModelError) as raised:
            await gateway().complete(ask(stub), "target")
        assert stub.count == 1
    assert "'stub'" in raised.value.what
    if transport == "openai_compatible":
        assert raised.value.possible == ("small", "large")


async def test_a_refused_request_says_why(gateway: Open, ask: Ask) -> None:
    with StubServer(faults=[Fault(status=400, text="this deployment takes no chat")]) as stub:
        with pytest.raises(ModelError, match="this deployment takes no chat"):
            await gateway().complete(ask(stub), "target")
        assert stub.count == 1


@pytest.mark.parametrize(("text", "finish"), [("context_length_exceeded: 9000 tokens", "length")])
async def test_a_prompt_that_is_too_long_is_an_answer_without_text(
    gateway: Open, ask: Ask, text: str, finish: str
) -> None:
    with StubServer(faults=[Fault(status=400, text=text)]) as stub:
        reply = await gateway().complete(ask(stub), "target")
    assert (reply.text, reply.finish) == ("", finish)


async def test_an_empty_answer_is_an_answer(gateway: Open, ask: Ask) -> None:
    with StubServer(ScriptedModel({}, otherwise="")) as stub:
        reply = await gateway().complete(ask(stub), "target")
    assert reply.text == ""
    assert reply.finish == "stop"


async def test_the_first_tokens_alternatives_are_read(gateway: Open, ask: Ask) -> None:
    said = Answer(text="yes", logprobs={"yes": -0.1, "no": -2.4})
    with StubServer(ScriptedModel(lambda messages: said)) as stub:
        asked = await gateway().complete(ask(stub, top_logprobs=5), "target")
        plain = await gateway().complete(ask(stub), "target")
    assert asked.top_logprobs == ({"yes": -0.1, "no": -2.4},)
    assert plain.top_logprobs == ()


async def test_an_endpoint_that_is_gone_is_not_asked_by_everyone(gateway: Open, ask: Ask, clock: Any) -> None:
    stub = StubServer().start()
    calls = [ask(stub, f"row {n}") for n in range(40)]
    stub.stop()
    one = gateway(concurrency=2)
    outcomes = await asyncio.gather(*(one.complete(call, "target") for call in calls), return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {ModelError}
    assert "nothing answers" in str(outcomes[-1])
    assert len(clock.slept) < 12, "after five failed connections the rest fail at once"


async def test_a_check_costs_nothing(client: ModelClient, transport: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    with StubServer(names=("small",)) as stub:
        await client.check(ModelRef.parse(f"openai/small@{stub.base}"))
        if transport == "openai_compatible":
            with pytest.raises(ModelError, match="no model 'large'"):
                await client.check(ModelRef.parse(f"openai/large@{stub.base}"))
        else:
            with pytest.raises(ModelError, match="needs a key"):
                await client.check(ModelRef.parse("anthropic/claude-3-5-haiku-20241022"))
            with pytest.raises(ModelError, match="unknown provider"):
                await client.check(ModelRef.parse("nonsense/model"))
        assert stub.count == 0


def test_full_jitter_grows_and_keeps_to_what_was_asked() -> None:
    patience, rng = RetryPolicy(initial_backoff=1, max_backoff=10), Random(0)
    waits = [patience.backoff(failed, None, rng) for failed in range(1, 8) for _ in range(50)]
    assert all(wait is not None and 0 <= wait <= 10 for wait in waits)
    assert max(wait or 0 for wait in waits[:50]) <= 1
    assert 5 <= (patience.backoff(1, 5, rng) or 0) <= 6
    assert patience.backoff(1, 11, rng) is None


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "2"}, 2.0),
        ({"retry-after-ms": "1500", "retry-after": "2"}, 1.5),
        ({"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.0),
        ({"Retry-After": "soon"}, None),
        ({}, None),
    ],
)
def test_retry_after_is_read_in_all_its_forms(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after_seconds(headers) == seconds


def test_nothing_heavy_is_imported_with_the_gateway() -> None:
    code = (
        "import sys, maieutic.runtime.models.gateway, maieutic.testing;"
        "print({m.split('.')[0] for m in sys.modules} & {'litellm','aiohttp','xllamacpp','numpy','gguf','openai'})"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=dict(os.environ), check=True
    )
    assert done.stdout.strip() == "set()"
