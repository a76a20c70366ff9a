"""With --no-plugins nothing of a task folder is executed: no metric, app, data function or plugin file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from maieutic.testing import StubServer

PARTS = {
    "metric": '[[evaluators]]\nuse = "own.py:measure"\n',
    "metric as option": '[[evaluators]]\nuse = "callable"\nfunction = "own:measure"\n',
    "app": '[target]\nuse = "callable"\nfunction = "own.py:app"\n',
    "plugin": 'plugins = ["./own.py"]\n',
    "data": "",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "own.py").write_text(
        "from pathlib import Path\nPath(__file__).with_name('ran').touch()\n"
        "def measure(example, output):\n    return 1.0\ndef app(prompts, input):\n    return 'x'\n"
        "def rows():\n    return []\n"
    )
    rows = [json.dumps({"input": f"row {n}", "output": "yes"}) for n in range(12)]
    for split, part in (("train", rows[:4]), ("val", rows[4:8]), ("test", rows[8:])):
        (tmp_path / f"{split}.jsonl").write_text("\n".join(part))
    return tmp_path


def write_task(folder: Path, base: str, part: str) -> None:
    train = "dspy:own.py:rows" if part == "data" else "train.jsonl"
    top, table = (PARTS[part], "") if part == "plugin" else ("", PARTS[part])
    (folder / "task.toml").write_text(
        f'name = "t"\nprompt = "Say yes."\n{top}[data]\ntrain = "{train}"\nval = "val.jsonl"\ntest = "test.jsonl"\n'
        f'[models]\ntarget = "llamacpp/stub@{base}"\noptimizer = "llamacpp/stub@{base}"\n{table}'
    )


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("command", ["estimate", "eval", "optimize"])
def test_no_code_of_the_task_runs(call: Any, folder: Path, command: str, part: str) -> None:
    with StubServer() as stub:
        write_task(folder, stub.base, part)
        result = call(command, ".", "--no-plugins")
        assert stub.count == 0
    assert not (folder / "ran").exists()
    assert result.code == 2
    assert "plugins" in result.err


def test_without_it_the_metric_is_called(call: Any, folder: Path) -> None:
    with StubServer() as stub:
        write_task(folder, stub.base, "metric")
        assert call("eval", ".").code == 0
    assert (folder / "ran").exists()
