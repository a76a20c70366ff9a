"""A metric of the user's own that cannot work is a mistake in the task (exit 2), told with file and line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from maieutic.core.errors import TaskError
from maieutic.core.task import EvaluatorSpec, Task
from maieutic.graphs.preflight import check_evaluators
from maieutic.graphs.run_config import RunConfig
from maieutic.plugins.evaluators.callable import CallableEvaluator


def task_with(folder: Path, metric: str) -> Task:
    (folder / "metrics.py").write_text(metric, encoding="utf-8")
    rows: list[dict[str, Any]] = [{"input": f"row {n}", "output": ("yes", "no")[n % 2]} for n in range(12)]
    task = Task.create("Say yes or no.", train=rows[:4], val=rows[4:8], test=rows[8:])
    spec = EvaluatorSpec(use="metrics.py:mine")
    return task.model_copy(update={"source": str(folder / "task.toml"), "evaluators": (spec,)})


async def refusal(folder: Path, metric: str) -> TaskError:
    with pytest.raises(TaskError) as caught:
        await check_evaluators(RunConfig.resolve(task_with(folder, metric)))
    assert caught.value.exit_code == 2
    return caught.value


@pytest.mark.parametrize("given", ["7", "None"])
async def test_what_is_no_score_is_told_with_the_place_of_the_function(tmp_path: Path, given: str) -> None:
    said = await refusal(tmp_path, f"\ndef mine(output, expected):\n    return {given}\n")
    assert f"returned {given}" in said.what
    assert said.where == f"{(tmp_path / 'metrics.py').resolve()}, line 2"
    assert "True or False" in said.possible


@pytest.mark.parametrize(
    ("body", "error", "line"),
    [
        ("    return 1 / 0\n", "ZeroDivisionError", 3),
        ("    import json\n    return json.loads(output)\n", "JSONDecodeError", 4),
        ("    import sys\n    sys.exit(0)\n", "it called sys.exit(0)", 4),
    ],
)
async def test_one_that_raises_is_told_with_its_line_and_no_list_of_evaluators(
    tmp_path: Path, body: str, error: str, line: int
) -> None:
    said = await refusal(tmp_path, f"\ndef mine(output, expected):\n{body}")
    assert "cannot score the reference outputs" in said.what
    assert error in said.what
    assert f"(metrics.py, line {line})" in said.what
    assert said.possible == ()
    assert "another evaluator" not in (said.remedy or "")


@pytest.mark.parametrize("kind", ["def", "async def"])
async def test_one_that_never_returns_is_interrupted_and_told_before_anything_is_spent(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CallableEvaluator, "seconds", 0.3)
    said = await refusal(tmp_path, f"\n{kind} mine(output, expected):\n    while True: pass\n")
    assert "it took longer than 0.3 seconds" in said.what
    assert said.where == f"{(tmp_path / 'metrics.py').resolve()}, line 2"


async def test_a_file_whose_import_never_ends_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CallableEvaluator, "seconds", 0.3)
    said = await refusal(tmp_path, "while True: pass\ndef mine(output, expected): return 1\n")
    assert "metrics.py cannot be imported: it took longer than 0.3 seconds" in said.what


async def test_a_base_exception_of_a_metric_is_told(tmp_path: Path) -> None:
    said = await refusal(tmp_path, "\ndef mine(output, expected):\n    raise GeneratorExit('odd')\n")
    assert "GeneratorExit('odd')" in said.what


async def test_a_file_that_cannot_be_imported_is_named_with_its_line(tmp_path: Path) -> None:
    said = await refusal(tmp_path, "def mine(output, expected)\n    return 1\n")
    assert "SyntaxError" in said.what
    assert "metrics.py, line 1" in said.what


async def test_one_that_gives_nothing_to_all_references_is_still_told_so(tmp_path: Path) -> None:
    said = await refusal(tmp_path, "def mine(output, expected):\n    return 0.0\n")
    assert "gives 0 to the reference outputs" in said.what
    assert "exact" in said.possible
