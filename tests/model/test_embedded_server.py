"""The real embedded model, from its weights to its answer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from maieutic.core.budget import Budget, Ledger
from maieutic.core.errors import ModelError, NeedsError
from maieutic.core.models import EMBEDDED, Call, ModelRef, Sampling
from maieutic.runtime.models.embedded.server import EmbeddedServer
from maieutic.runtime.models.gateway import ModelClient, RunGateway
from maieutic.runtime.store import RunRecord, Store

MODEL = ModelRef.parse(EMBEDDED)
REVIEW = "Is this movie review positive or negative? '{}' Answer with one word."


def call(text: str, model: ModelRef = MODEL, **sampling: object) -> Call:
    options = Sampling.model_validate({"max_tokens": 4, **sampling})
    return Call(model=model, messages=({"role": "user", "content": text},), sampling=options)


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[RunGateway]:
    with Store.open(tmp_path / ".maieutic") as store:
        await store.create_run(RunRecord(id="r-1", task="t", recipe="x"))
        async with ModelClient() as client:
            ledger = Ledger(budget=Budget(calls=20))
            one = RunGateway(run="r-1", store=store, ledger=ledger, client=client, concurrency=4)
            yield one
            await one.aclose()


@pytest.mark.model
async def test_the_embedded_model_answers_and_stops(gateway: RunGateway, capfd: pytest.CaptureFixture[str]) -> None:
    client = gateway._client
    await client.check(MODEL)
    assert await client.capabilities(MODEL) == {"logprobs", "loss"}
    reply = await gateway.complete(call(REVIEW.format("A wonderful film."), top_logprobs=5), "target")
    assert reply.text
    assert reply.prompt_tokens > 20
    assert len(reply.top_logprobs[0]) == 5
    assert all(value <= 0 for value in reply.top_logprobs[0].values())
    again = await gateway.complete(call(REVIEW.format("A wonderful film."), top_logprobs=5), "target")
    assert again.cached

    praise, pan = (
        REVIEW.format("A wonderful, moving film. I loved it."),
        REVIEW.format("Dull and terrible. I hated it."),
    )
    margins = [
        await gateway.loss(call(text), "Negative") - await gateway.loss(call(text), "Positive")
        for text in (praise, pan)
    ]
    assert margins[0] > 0, "praise is more likely called positive"
    assert margins[0] > margins[1], "and more so than a pan"
    spent = gateway.ledger.view().total_paid.calls
    assert spent == 1 + 4
    assert await gateway.loss(call(praise), "Positive") >= 0
    assert gateway.ledger.view().total_paid.calls == spent

    long = await gateway.complete(call("word " * 6000), "target")
    assert (long.text, long.finish) == ("", "length")

    await client.aclose()
    assert EmbeddedServer._running is None
    assert capfd.readouterr() == ("", ""), "the server's log is silent"


@pytest.mark.model
def test_two_doors_share_one_server() -> None:
    first, second = EmbeddedServer.start(), EmbeddedServer.start()
    assert first is second
    first.close()
    assert EmbeddedServer._running is first
    second.close()
    assert EmbeddedServer._running is None


async def test_another_embedded_name_is_refused() -> None:
    async with ModelClient() as client:
        with pytest.raises(ModelError, match="no embedded model 'llama'"):
            await client.check(ModelRef.parse("local/llama"))


async def test_a_model_without_losses_is_refused_before_anything_is_spent(gateway: RunGateway) -> None:
    model = ModelRef.parse("openai/some@http://127.0.0.1:9/v1")
    with pytest.raises(NeedsError, match="cannot score a given text"):
        await gateway.loss(call("hello", model), "Positive")
    assert gateway.ledger.lost == 0
