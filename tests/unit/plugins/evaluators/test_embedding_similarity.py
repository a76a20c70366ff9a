"""Likeness by an embedding model: the score, the one request behind it, and what it costs a run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from maieutic.core.budget import Budget
from maieutic.core.dataset import Example
from maieutic.core.errors import ModelError, UsageError
from maieutic.core.models import Call, ModelRef, Output
from maieutic.core.task import EvaluatorSpec, Models, Task
from maieutic.graphs.api import Result, optimize
from maieutic.plugins.evaluators.similarity import EmbeddingSimilarity, NgramSimilarity
from maieutic.plugins.system.registry import Registry
from maieutic.runtime.models.transports.embeddings import cosine, parse_embeddings
from maieutic.runtime.store import Store
from maieutic.testing import Fault, ScriptedModel, StubServer

ROW = Example(input="What is it?", outputs=("a red rose", "the red rose"))
VECTORS = st.lists(st.floats(-10, 10), min_size=3, max_size=3)


def made(**options: Any) -> Any:
    return Registry.load(()).create("evaluator", "similarity", **options)


def test_a_model_is_asked_where_one_is_named_and_spelling_is_compared_where_none_is() -> None:
    assert isinstance(made(), NgramSimilarity)
    assert isinstance(made(model="openai/text-embedding-3-small"), EmbeddingSimilarity)
    for options in ({"model": "local/smollm2"}, {"model": "nonsense"}, {"model": "openai/x", "floor": 1.0}):
        with pytest.raises(UsageError):
            made(**options)


async def test_the_nearest_reference_counts_and_one_request_asks_for_all(bench: Any) -> None:
    desk, gateway = bench({})
    one = made(model="openai/emb")
    same = await one.rate(ROW, Output(text="a red rose"), "a red rose", bench=desk)
    near = await one.rate(ROW, Output(text="red roses"), "red roses", bench=desk)
    far = await one.rate(ROW, Output(text="42"), "42", bench=desk)
    assert same.value == pytest.approx(1.0)
    assert same.value > near.value > far.value >= 0
    assert near.values["cosine"] == near.value
    assert "red rose" in (near.feedback or "")
    asked = [[message["content"] for message in call.messages] for call, _ in gateway.calls]
    assert asked == [[text, *ROW.outputs] for text in ("a red rose", "red roses", "42")]
    assert {payer for _, payer in gateway.calls} == {"optimizer"}
    floored = await made(model="openai/emb", floor=0.5).rate(ROW, Output(text="red roses"), "red roses", bench=desk)
    assert floored.value == pytest.approx(max(0.0, (near.value - 0.5) / 0.5))


async def test_nothing_to_compare_costs_nothing(bench: Any) -> None:
    desk, gateway = bench({})
    one = made(model="openai/emb")
    assert (await one.rate(ROW, Output(text=""), None, bench=desk)).failure == "format"
    assert (await one.rate(Example(input="a"), Output(text="b"), "b", bench=desk)).failure == "example"
    assert (await one.rate(ROW, Output(text=" "), " ", bench=desk)).value == 0
    assert gateway.calls == []


@given(VECTORS, VECTORS)
def test_a_cosine_is_symmetric_and_in_range(a: list[float], b: list[float]) -> None:
    assert -1 <= cosine(a, b) <= 1
    assert cosine(a, b) == pytest.approx(cosine(b, a))


@pytest.mark.parametrize(
    "wrong", [{}, {"data": []}, {"data": [{"embedding": [1.0]}]}, {"data": [{"embedding": [1]}, {"embedding": [1, 2]}]}]
)
def test_what_are_no_embeddings_of_the_texts_is_no_answer(wrong: Any) -> None:
    said = ({"role": "user", "content": "a"}, {"role": "user", "content": "b"})
    with pytest.raises(ValueError, match="embeddings"):
        parse_embeddings(wrong, Call(model=ModelRef.parse("openai/emb"), messages=said), 0.0)  # type: ignore[arg-type]


@pytest.fixture
def stub() -> Iterator[StubServer]:
    with StubServer(ScriptedModel({}, otherwise="it is a red rose"), names=("chat", "emb")) as server:
        yield server


def run(stub: StubServer, folder: Path, **options: Any) -> Result:
    rows = [{"input": f"flower {n}", "output": f"red rose {n % 3}"} for n in range(24)]
    model = ModelRef.parse(f"openai/chat@{stub.base}")
    task = Task.create(
        "What is it?",
        train=rows[:6],
        val=rows[6:14],
        test=rows[14:],
        evaluators=(EvaluatorSpec(use="similarity", options={"model": f"openai/emb@{stub.base}"}),),
        models=Models(target=model, optimizer=model),
    )
    return optimize(task, recipe="random-demos", budget=Budget(calls=90), folder=folder, **options)


def test_the_ledger_equals_what_the_endpoint_counted_and_a_second_run_pays_nothing(
    stub: StubServer, tmp_path: Path
) -> None:
    done = run(stub, tmp_path)
    asked = [body for body in stub.seen.bodies if "input" in body]
    assert asked
    assert {body["model"] for body in asked} == {"emb"}
    assert done.report is not None
    assert done.report.calls.optimizer == len(asked)
    assert done.report.paid.target + done.report.paid.optimizer == stub.count <= 90
    assert done.report.tokens == stub.seen.tokens
    assert 0 < (done.report.best.score or 0) < 1
    before = stub.count
    again = run(stub, tmp_path, seed=0)
    assert stub.count == before
    assert again.report is not None
    assert again.report.best.score == done.report.best.score


def test_an_endpoint_without_embeddings_ends_the_run_and_scores_nothing(tmp_path: Path) -> None:
    with StubServer(ScriptedModel({}, otherwise="a rose"), names=("chat",)) as stub:
        with pytest.raises(ModelError, match="there is no model 'emb'"):
            run(stub, tmp_path, run="r")
        assert stub.count == 0
    with Store.open(tmp_path, read_only=True) as store:
        assert store.evaluations("r") == []


def test_a_refused_request_is_asked_again(tmp_path: Path) -> None:
    def first(number: int) -> Fault | None:
        return Fault(status=503, text="busy", retry_after="0.01") if number == 1 else None

    with StubServer(ScriptedModel({}, otherwise="a red rose"), names=("chat", "emb"), faults=first) as stub:
        done = run(stub, tmp_path)
        assert done.state == "finished"
