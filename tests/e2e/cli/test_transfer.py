"""`maieutic transfer`: what is measured, what is said of it, and what it cannot do."""

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
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Another task, over a stub that answers for it."""
    monkeypatch.setenv("OPENAI_API_KEY", "anything")
    with StubServer(ScriptedModel(say)) as stub:
        made = tmp_path / "elsewhere"
        made.mkdir()
        for at, split in enumerate(("train", "val", "test"), 1):
            rows = [{"input": f"row {100 * at + n}", "output": ("no", "yes")[n % 2]} for n in range(20)]
            (made / f"{split}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        (made / "task.toml").write_text(
            'name = "elsewhere"\nprompt = "Say yes or no."\n'
            '[data]\ntrain = "train.jsonl"\nval = "val.jsonl"\ntest = "test.jsonl"\n'
            f'[models]\ntarget = "openai/stub@{stub.base}"\noptimizer = "openai/stub@{stub.base}"\n'
        )
        yield made


def test_the_best_of_a_run_is_measured_against_the_other_tasks_own_prompt(
    call: Any, ids: Any, folder: Path, elsewhere: Path
) -> None:
    found = call("transfer", ids.run, str(elsewhere), "--json")
    assert found.code == 0, found.err
    told = found.json
    assert (told["task"], told["split"], told["n"]) == ("elsewhere", "test", 20)
    assert (told["own"], told["brought"], told["verdict"]) == (0.25, 1.0, "improved")
    assert told["difference"]["low"] > 0
    said = call("transfer", ids.run, str(elsewhere)).out
    assert said.startswith("improved: 0.250 → 1.000, +75.0 points")
    assert "do not select a prompt by this score" in said
    assert "do not select a prompt" not in call("transfer", ids.run, str(elsewhere), "--split", "val").out


def test_a_prompt_that_the_task_has_already_is_refused(call: Any, ids: Any, folder: Path, elsewhere: Path) -> None:
    found = call("transfer", ids.run, str(elsewhere), "--candidate", "start")
    assert found.code == 2
    assert "nothing to compare" in found.err
    assert "another candidate" in found.err
