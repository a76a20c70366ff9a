"""`maieutic compare`: two prompts on the same rows, and what may be said of them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from maieutic.testing import ScriptedModel, StubServer


def say(messages: Any) -> str:
    """Right where the prompt speaks of odd numbers, else on every fourth row."""
    number = int(re.findall(r"row (\d+)", messages[-1]["content"])[-1])
    right = "odd" in messages[0]["content"] or number % 4 == 0
    return ("no", "yes")[(number + (not right)) % 2]


@pytest.fixture
def task(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("OPENAI_API_KEY", "anything")
    with StubServer(ScriptedModel(say)) as stub:
        rows = [json.dumps({"input": f"row {n}", "output": ("no", "yes")[n % 2]}) for n in range(60)]
        for split, part in (("train", rows[:20]), ("val", rows[20:40]), ("test", rows[40:])):
            (tmp_path / f"{split}.jsonl").write_text("\n".join(part))
        (tmp_path / "task.toml").write_text(
            'name = "parity"\nprompt = "Say yes or no."\n'
            '[data]\ntrain = "train.jsonl"\nval = "val.jsonl"\ntest = "test.jsonl"\n'
            f'[models]\ntarget = "openai/stub@{stub.base}"\noptimizer = "openai/stub@{stub.base}"\n'
        )
        for name, text in (("a", "Guess."), ("b", "Yes where it is odd."), ("c", "Is it {foo}?")):
            (tmp_path / f"{name}.txt").write_text(text)
        yield str(tmp_path)


def test_both_are_scored_on_the_same_rows_and_the_difference_is_paired(call: Any, task: str) -> None:
    found = call("compare", task, "a.txt", "b.txt", "--json")
    assert found.code == 0, found.err
    told = found.json
    assert (told["a"]["value"], told["b"]["value"], told["n"]) == (0.25, 1.0, 20)
    assert (told["difference"]["value"], told["flips"]) == (0.75, {"gained": 15, "lost": 0})
    assert (told["verdict"], told["difference"]["p"] < 0.01) == ("improved", True)
    said = call("compare", task, "b.txt", "a.txt").out
    assert said.startswith("worse: from A to B -75.0 points (95 % interval ")
    assert "0 examples better with B, 15 worse" in said
    assert "do not select a prompt by this score" in said


def test_what_cannot_be_compared_is_refused(call: Any, task: str) -> None:
    same = call("compare", task, "a.txt", "a.txt")
    assert (same.code, "nothing to compare" in same.err) == (2, True)
    unfilled = call("compare", task, "a.txt", "c.txt")
    assert (unfilled.code, "which no example has" in unfilled.err) == (2, True)
    assert call("runs", "--json").json == []
