"""`maieutic improve`: what goes to stdout and stderr, what it offers, what it refuses."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from maieutic.testing import ScriptedModel, StubServer

NEW = "<changes>\n- fixes the form\n</changes>\n<prompt>\nSay yes or no.\nAnswer with one word.\n</prompt>"


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch) -> Iterator[StubServer]:
    monkeypatch.setenv("OPENAI_API_KEY", "anything")
    with StubServer(ScriptedModel({"Nobody tries it out": NEW}, otherwise="yes")) as server:
        yield server


def test_the_prompt_goes_to_stdout_and_the_rest_to_stderr(call: Any, stub: StubServer) -> None:
    result = call("improve", "Say yes or no.", "--optimizer", f"openai/stub@{stub.base}")
    assert result.code == 0, result.err
    assert result.out == "Say yes or no.\nAnswer with one word.\n"
    assert "changed: fixes the form" in result.err
    assert "1 calls, " in result.err
    assert "nothing was measured: nobody knows yet whether this prompt is better" in result.err
    assert "measure and search: maieutic init" in result.err
    assert "cached, no call" in call("improve", "Say yes or no.", "--optimizer", f"openai/stub@{stub.base}").err
    assert stub.count == 1


@pytest.mark.slow
def test_the_offered_commands_run(call: Any, stub: StubServer) -> None:
    rows = [{"input": f"row {number}", "output": "yes" if number % 2 else "no"} for number in range(12)]
    Path("rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    Path("start.txt").write_text("Say yes or no.\n")
    model = f"openai/stub@{stub.base}"
    result = call("improve", "start.txt", "--data", "rows.jsonl", "--optimizer", model, "-o", "new.txt", "--json")
    assert result.json["measured"] is False
    assert result.json["examples"] == 12
    assert Path("new.txt").read_text() == "Say yes or no.\nAnswer with one word."
    first, second = result.json["next"].split(" && ")
    assert call(*shlex.split(first)[1:], "--target", model).code == 0
    run = call(*shlex.split(second)[1:], "--calls", "30", "--recipe", "random-demos", "--plain")
    assert run.code == 0, run.err
    compared = call("compare", "improve-task", "start.txt", "new.txt", "--json")
    assert compared.json["n"] == 4


def test_a_prompt_from_stdin_and_one_that_looks_like_an_option(call: Any, stub: StubServer) -> None:
    model = f"openai/stub@{stub.base}"
    assert call("improve", "-", "--optimizer", model, said="Say yes or no.\n").code == 0
    assert call("improve", "--optimizer", model, "--", "--be brief").code == 0
    assert "--be brief" in stub.seen.bodies[-1]["messages"][-1]["content"]


def test_wrong_use_spends_nothing(call: Any, stub: StubServer) -> None:
    Path("old.txt").write_text("keep me")
    assert call("improve", "Say yes.", "--optimizer", f"openai/stub@{stub.base}", "-o", "old.txt").code == 2
    for words in (("improve", ""), ("improve", "no-such.txt"), ("improve", "Say yes.", "--data", "none.jsonl")):
        assert call(*words, "--optimizer", f"openai/stub@{stub.base}").code == 2
    assert call("improve", "Say yes.", "--optimizer", "nonsense").code == 2
    assert stub.count == 0
