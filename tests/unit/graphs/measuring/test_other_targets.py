"""Further target models: the winner is measured on each, within the budget, and the report has them as a table."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import maieutic
import pytest
from maieutic.core.budget import Budget
from maieutic.core.errors import NeedsError, UsageError
from maieutic.core.models import ModelRef
from maieutic.core.task import Models, Task
from maieutic.runtime.reports.html import to_html
from maieutic.runtime.reports.markdown import to_markdown
from maieutic.runtime.store import Store
from maieutic.testing import Fault, ScriptedModel, StubServer


def parity(helps: bool) -> Any:
    """Right on three of ten rows, and on all where the prompt says `odd` and the model cares."""

    def answer(messages: Sequence[Any]) -> str:
        text = "\n".join(message["content"] for message in messages)
        row = int(re.findall(r"number (\d+)", messages[-1]["content"])[-1])
        right = row % 10 < 3 or (helps and "odd numbers" in text)
        return ("no", "yes")[(row + (not right)) % 2]

    return answer


@pytest.fixture
def stubs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[dict[str, StubServer]]:
    monkeypatch.setenv("OPENAI_API_KEY", "anything")
    monkeypatch.chdir(tmp_path)
    author = ScriptedModel({}, otherwise="<prompt>Say yes to odd numbers, no to others.</prompt>")
    with (
        StubServer(ScriptedModel(parity(True))) as own,
        StubServer(ScriptedModel(parity(True))) as like,
        StubServer(ScriptedModel(parity(False))) as deaf,
        StubServer(author) as writer,
    ):
        yield {"own": own, "like": like, "deaf": deaf, "author": writer}


def task(stubs: dict[str, StubServer], **fields: Any) -> Task:
    def rows(first: int) -> list[dict[str, str]]:
        return [{"input": f"number {first + n}", "output": ("no", "yes")[n % 2]} for n in range(20)]

    models = Models(target=ref(stubs["own"]), optimizer=ref(stubs["author"]))
    return Task.create("Say yes or no.", train=rows(1000), val=rows(2000), test=rows(3000), models=models, **fields)


def ref(stub: StubServer) -> ModelRef:
    return ModelRef.parse(f"openai/stub@{stub.base}")


@pytest.mark.slow
def test_the_winner_is_measured_on_each_further_target(stubs: dict[str, StubServer]) -> None:
    names = [str(ref(stubs[name])) for name in ("like", "deaf", "own")]
    result = maieutic.optimize(task(stubs), recipe="gepa", budget=Budget(calls=300), targets=names, progress=False)
    report = result.report
    assert report is not None
    like, deaf = report.transfer
    assert [line.model for line in report.transfer] == names[:2], "the run's own target is the report's own line"
    assert (like.start, like.best, like.n, like.verdict) == (0.3, 1.0, 20, "improved")
    assert (deaf.start, deaf.best, deaf.verdict) == (0.3, 0.3, "no evidence of improvement")
    assert stubs["like"].count == stubs["deaf"].count == 40
    calls = sum(stub.count for stub in stubs.values())
    assert report.calls.target + report.calls.optimizer == calls <= 300
    page = to_markdown(report)
    assert "## Other target models" in page
    assert "| the run's own | 0.300 | 1.000 |" in page
    assert "0.300 → 1.000" in to_html(report)
    assert maieutic.resume(result.run).report == report
    with Store.open(Path(".maieutic"), read_only=True) as store:
        assert store.run(result.run).options["targets"] == names


def test_a_small_budget_opens_fewer_examples_for_all_models(stubs: dict[str, StubServer]) -> None:
    names = [str(ref(stubs[name])) for name in ("like", "deaf")]
    result = maieutic.optimize(task(stubs), recipe="gepa", budget=Budget(calls=90), targets=names, progress=False)
    report = result.report
    assert report is not None
    assert sum(stub.count for stub in stubs.values()) <= 90
    assert report.best.n == report.transfer[0].n == report.transfer[1].n == 6


@pytest.mark.slow
def test_a_model_that_fails_at_the_end_is_a_line_with_its_reason(stubs: dict[str, StubServer]) -> None:
    with StubServer(ScriptedModel({}), faults=lambda number: Fault(status=400, text="bad request")) as broken:
        result = maieutic.optimize(
            task(stubs), recipe="gepa", budget=Budget(calls=300), targets=[str(ref(broken))], progress=False
        )
    assert result.report is not None
    assert result.report.verdict == "improved"
    (line,) = result.report.transfer
    assert (line.n, line.verdict) == (0, None)
    assert line.error
    assert "not measured" in to_markdown(result.report)


def test_what_cannot_be_measured_is_refused_first(stubs: dict[str, StubServer]) -> None:
    for fields, names, error in (({}, ["nonsense"], UsageError), ({"evaluators": ()}, ["openai/x"], NeedsError)):
        recipe = "spo" if fields else "gepa"
        with pytest.raises(error):
            maieutic.optimize(task(stubs, **fields), recipe=recipe, targets=names, progress=False)
    assert sum(stub.count for stub in stubs.values()) == 0
