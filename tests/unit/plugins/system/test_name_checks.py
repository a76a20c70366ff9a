"""`check_names`: what a task names exists, and its rows have what its evaluators need."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from maieutic.core.errors import PluginError, TaskError
from maieutic.core.task import EvaluatorSpec, Task
from maieutic.plugins.checks import check_names
from maieutic.plugins.system.registry import Registry

ROWS = [{"input": f"row {n}", "output": "x"} for n in range(4)]


def task(**fields: Any) -> Task:
    return Task.create("Judge.", train=ROWS[:2], val=ROWS[2:], **fields)


def specs(use: str, **options: Any) -> dict[str, Any]:
    return {"evaluators": (EvaluatorSpec(use="exact"), EvaluatorSpec(use=use, options=options))}


def test_a_right_task_passes(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("def metric(output, expected): return output == expected")
    fields = specs("mine.py:metric")
    check_names(task(**fields, source=str(tmp_path / "task.toml")), Registry.load(()))


@pytest.mark.parametrize(
    ("fields", "parts"),
    [
        (specs("exakt"), ("exakt", "[[evaluators]] 2", "mean 'exact'")),
        (specs("numeric", tolerance=1), ("no option 'tolerance'", "[[evaluators]] 2", "abs_tol")),
        (specs("regex", pattern="("), ("cannot be read", "[[evaluators]] 2", "regex: pattern")),
        (specs("nowhere:metric"), ("no module 'nowhere'", "[[evaluators]] 2")),
        ({"plugins": ("absent",)}, ("absent", "switched off", "plugins")),
    ],
)
def test_a_wrong_name_is_a_mistake_of_the_task(fields: dict[str, Any], parts: tuple[str, ...]) -> None:
    with pytest.raises(TaskError) as caught:
        check_names(task(**fields), Registry.load(()))
    for part in parts:
        assert part in str(caught.value)


def test_rows_without_references_are_refused_where_they_are_needed() -> None:
    bare = Task.create("Judge.", train=ROWS[:2], val=[*ROWS[2:], {"input": "bare"}])
    with pytest.raises(TaskError, match="'exact' needs a reference") as caught:
        check_names(bare, Registry.load(()))
    assert "val row 3" in str(caught.value)


def test_a_plugin_that_cannot_be_used_is_the_plugins_fault(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("1 / 0")
    with pytest.raises(PluginError, match=r"ZeroDivisionError"):
        check_names(task(plugins=("./mine.py",), source=str(tmp_path / "task.toml")), Registry.load())
