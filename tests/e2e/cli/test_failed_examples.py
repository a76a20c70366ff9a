"""`maieutic eval` and `compare` print how many examples failed and why; where most failed, the exit code says so."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from maieutic.testing import StubServer
from maieutic.testing.faults import Fault
from maieutic.testing.models import Answer, ScriptedModel

METRIC = """
def score(output, example):
    if example.text in {bad!r}:
        raise ValueError("no colour")
    return 1.0
"""


class Failing(ScriptedModel):
    """Gives no text for `row 41`."""

    def __init__(self) -> None:
        super().__init__({"row 41": Answer(text="", finish="content_filter")}, otherwise="yes")


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch) -> Iterator[StubServer]:
    monkeypatch.setenv("OPENAI_API_KEY", "anything")
    with StubServer(Failing()) as server:
        yield server


def write_task(folder: Path, base: str, bad: list[str] | None = None) -> str:
    rows = [json.dumps({"input": f"row {n}", "output": "yes"}) for n in range(50)]
    for split, part in (("train", rows[:20]), ("val", rows[20:40]), ("test", rows[40:])):
        (folder / f"{split}.jsonl").write_text("\n".join(part))
    (folder / "metrics.py").write_text(METRIC.format(bad=bad))
    (folder / "task.toml").write_text(
        'name = "words"\nprompt = "Say yes."\n'
        '[data]\ntrain = "train.jsonl"\nval = "val.jsonl"\ntest = "test.jsonl"\n'
        f'[models]\ntarget = "openai/stub@{base}"\noptimizer = "openai/stub@{base}"\n'
        + ('[[evaluators]]\nuse = "metrics.py:score"\n' if bad else "")
    )
    (folder / "a.txt").write_text("Say yes, please.")
    (folder / "b.txt").write_text("Say yes now.")
    return str(folder)


def test_eval_prints_how_many_failed_with_the_reason(call: Any, stub: StubServer, tmp_path: Path) -> None:
    task = write_task(tmp_path, stub.base, ["row 43", "row 44"])
    outcome = call("eval", task)
    assert outcome.code == 0
    assert "2 of 10 examples failed: 2 × " in outcome.out
    assert "ValueError: no colour" in outcome.out
    again = call("eval", task, "--json").json
    assert (again["failed"], list(again["reasons"].values())) == (2, [2])


def test_compare_prints_them_too(call: Any, stub: StubServer, tmp_path: Path) -> None:
    task = write_task(tmp_path, stub.base, ["row 43", "row 44"])
    outcome = call("compare", task, str(tmp_path / "a.txt"), str(tmp_path / "b.txt"))
    assert outcome.code == 0
    assert "2 of 10 examples failed: 2 × " in outcome.out
    found = call("compare", task, str(tmp_path / "a.txt"), str(tmp_path / "b.txt"), "--json").json
    assert (found["failed"]["count"], found["of"]) == (2, 10)


def test_a_metric_that_fails_on_most_examples_is_exit_1(call: Any, stub: StubServer, tmp_path: Path) -> None:
    task = write_task(tmp_path, stub.base, [f"row {n}" for n in range(40, 50)])
    outcome = call("eval", task)
    assert outcome.code == 1
    assert "examples failed: " in outcome.err
    assert "ValueError: no colour" in outcome.err


@pytest.mark.parametrize("options", [(), ("--calls", "5")], ids=["all calls", "five calls"])
def test_an_endpoint_that_fails_on_most_examples_is_exit_4(
    call: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...]
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "anything")
    with StubServer(Failing(), faults=lambda _: Fault(status=500, retry_after="0")) as stub:
        outcome = call("eval", write_task(tmp_path, stub.base), *options)
    assert outcome.code == 4, outcome.err
    assert "ExceptionGroup" not in outcome.err


def test_retries_take_no_example_away(call: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "anything")
    faults = {number: Fault(status=429, retry_after="0") for number in (0, 1)}
    with StubServer(Failing(), faults=faults) as stub:
        outcome = call("eval", write_task(tmp_path, stub.base), "--json")
    assert (outcome.json["n"], outcome.json["of"]) == (10, 10)


def test_no_text_is_no_answer_and_not_unreadable(call: Any, stub: StubServer, tmp_path: Path) -> None:
    outcome = call("eval", write_task(tmp_path, stub.base), "--json").json
    assert (outcome["no_answer"], outcome["unreadable"], outcome["n"]) == (1, 0, 10)
