"""A task of texts of different kinds: read, refused with the wrong recipe, optimized, exported as they stand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from maieutic.testing import ScriptedModel, StubServer

SKILL = "---\nname: orders\ndescription: Handles orders.\n---\n\n# Steps\n\n- Greet {whoever} writes."
BETTER = f"{SKILL}\n- Name the order number."
TASK = """
name = "orders"
description = "Answer customers."
[program.search]
kind = "schema"
instruction = "Searches orders."
[program.notes]
kind = "playbook"
file = "SKILL.md"
[target]
use = "app.py:answer"
calls_per_example = 1
[answer]
type = "label"
labels = ["yes", "no"]
[data]
train = "train.jsonl"
val = "val.jsonl"
test = "test.jsonl"
[models]
target = "{model}"
optimizer = "{model}"
"""
APP = """
def answer(texts, input):
    assert set(texts) == {"search", "notes"}
    return "yes" if "order number" in texts["notes"] else "no"
"""


@pytest.mark.slow
def test_components_of_a_task_file(call: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "anything")
    for split in ("train", "val", "test"):
        rows = [{"input": f"{split} {number}", "output": "yes"} for number in range(8)]
        Path(f"{split}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    Path("SKILL.md").write_text(f"{SKILL}\n")
    Path("app.py").write_text(APP)
    author = ScriptedModel(lambda m: f"<text>{BETTER if 'notes now' in m[-1]['content'] else 'Finds.'}</text>")
    with StubServer(author) as stub:
        Path("task.toml").write_text(TASK.replace("{model}", f"openai/stub@{stub.base}"))
        refused = call("optimize", "task.toml", "--calls", "60", "--plain")
        assert refused.code == 2
        assert "work on prose alone" in refused.err
        assert "--recipe gepa" in refused.err
        assert stub.count == 0
        result = call("optimize", "task.toml", "--recipe", "gepa", "--calls", "60", "--plain")
    assert result.code == 0, result.err
    assert "improved" in result.out
    exported = call("export", "--format", "text").out
    assert f"=== notes ===\n{BETTER}\n" in exported
    assert json.loads(call("export", "--format", "json").out)["program"]["prompts"]["notes"]["kind"] == "playbook"
