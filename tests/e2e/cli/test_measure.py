"""`maieutic measure`: what fits, what it takes, and where its figures are found again."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from maieutic.testing import ScriptedModel, StubServer


def answer(messages: Any) -> str:
    """Right on even rows only."""
    number = int(re.findall(r"row (\d+)", messages[-1]["content"])[-1])
    return "yes" if number % 2 else "yes, I think"


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch) -> Iterator[StubServer]:
    monkeypatch.setenv("OPENAI_API_KEY", "anything")
    with StubServer(ScriptedModel(answer)) as server:
        yield server


@pytest.fixture
def yes_task(tmp_path: Path, stub: StubServer) -> Path:
    """A task of 20 rows a split, over the stub."""
    folder = tmp_path / "yes"
    folder.mkdir()
    for at, split in enumerate(("train", "val", "test"), 1):
        rows = [{"input": f"row {100 * at + n}", "output": "yes"} for n in range(20)]
        (folder / f"{split}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "task.toml").write_text(
        'name = "yes"\nprompt = "Say yes. Say it in one word. Never say no."\n'
        '[data]\ntrain = "train.jsonl"\nval = "val.jsonl"\ntest = "test.jsonl"\n'
        f'[models]\ntarget = "openai/stub@{stub.base}"\noptimizer = "openai/stub@{stub.base}"\n'
        '[[evaluators]]\nuse = "exact"\n'
    )
    return folder


def test_without_a_name_the_measures_that_fit_are_listed_and_nothing_is_spent(
    call: Any, yes_task: Path, stub: StubServer
) -> None:
    plans = {plan["name"]: plan for plan in call("measure", str(yes_task), "--json").json}
    assert plans["format-spread"]["calls"] == 200
    assert plans["format-spread"]["examples"] == 20
    assert "needs baseline" in plans["negative-flips"]["missing"]
    assert "no input lists options" in plans["option-order"]["missing"]
    text = call("measure", str(yes_task)).out
    assert "name one or more to run them" in text
    assert stub.count == 0


def test_a_measure_is_printed_with_its_figures_within_the_calls_announced(
    call: Any, yes_task: Path, stub: StubServer
) -> None:
    command = ("measure", str(yes_task), "format-spread", "--calls", "30", "--set", "format-spread.formats=3")
    outcome = call(*command, "--json")
    assert outcome.code == 0, outcome.err
    (record,) = outcome.json
    assert record["paid"] == stub.count == 30
    assert record["declared"] == 30
    assert record["reading"]["figures"][0]["value"] == 0
    again = call(*command).out
    assert "no evidence that the format matters" in again
    assert "30 calls of 30 announced, 0 of them paid for" in again
    assert stub.count == 30


def test_start_and_winner_of_a_run_are_measured_and_shown_in_its_report(
    call: Any, ids: Any, folder: Path, stub: StubServer
) -> None:
    target = f"openai/stub@{stub.base}"
    outcome = call("measure", ids.run, "negative-flips", "--before", "--target", target)
    assert (outcome.code, "needs baseline" in outcome.err) == (2, True)
    outcome = call("measure", ids.run, "negative-flips", "format-spread", "--both", "--target", target, "--json")
    assert outcome.code == 0, outcome.err
    assert [(record["role"], record["measure"]) for record in outcome.json] == [
        ("start", "format-spread"),
        ("best", "negative-flips"),
        ("best", "format-spread"),
    ]
    text = call("report", ids.run).out
    assert "## Measures" in text
    assert "format-spread" in text
    assert call("runs").out.count("measure") == 0


def test_a_guard_fails_beyond_its_limit(call: Any, yes_task: Path) -> None:
    command = ("measure", str(yes_task), "format-spread", "--calls", "30", "--set", "format-spread.formats=3")
    assert call(*command, "--guard", "spread<=0.1").code == 0
    outcome = call(*command, "--guard", "p<=0.5")
    assert (outcome.code, "format-spread: p is 1, and p<=0.5 was asked for" in outcome.err) == (1, True)
    assert call(*command, "--guard", "flips<=0.5").code == 2
    assert call(*command, "--guard", "spread").code == 2


def test_what_is_unknown_is_named(call: Any, yes_task: Path) -> None:
    outcome = call("measure", str(yes_task), "format-spred")
    assert (outcome.code, "did you mean 'format-spread'" in outcome.err) == (2, True)
    outcome = call("measure", str(yes_task), "shapley", "--set", "parts=3")
    assert (outcome.code, "shapley.KEY=VALUE" in outcome.err) == (2, True)
    outcome = call("measure", str(yes_task), "shapley", "--before")
    assert (outcome.code, "a task has one prompt" in outcome.err) == (2, True)
