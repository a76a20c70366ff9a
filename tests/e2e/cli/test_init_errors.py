"""`init` writes no task that could not run, and says why in one block."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from maieutic.runtime.tasks.loader import load_task

WORDS = ["--prompt", "Say yes or no.", "--data", "rows.csv", "--yes"]


@pytest.fixture(autouse=True)
def rows(tmp_path: Path) -> None:
    lines = [f"row {n},{'yes' if n % 2 else 'no'}" for n in range(20)]
    (tmp_path / "rows.csv").write_text("\n".join(["input,output", *lines]), encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--metric", "nope"], "no evaluator is called 'nope'"),
        (["--metric", "json_schema"], "needs the option 'schema'"),
        (["--metric", "person"], "cannot be used as evaluator"),
        (["--metric", "metrics.py:mine"], "there is no file made/metrics.py"),
        (["--answer", "regex"], "needs a pattern"),
        (["--answer", "text", "--pattern", "a"], "has no pattern"),
        (["--pattern", "("], "the pattern cannot be read"),
    ],
)
def test_what_could_not_run_is_not_written(call: Any, tmp_path: Path, words: list[str], said: str) -> None:
    done = call("init", "made", *WORDS, *words)
    assert done.code == 2
    assert said in done.err
    assert not (tmp_path / "made").exists()


def test_a_folder_that_cannot_be_made_is_told(call: Any) -> None:
    done = call("init", "rows.csv/x", *WORDS)
    assert done.code == 2
    assert "the task cannot be written" in done.err
    assert "rows.csv" in done.err


def test_a_metric_beside_the_task_to_be_is_found(call: Any, tmp_path: Path) -> None:
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / "metrics.py").write_text("def mine(output, expected):\n    return 1.0\n", encoding="utf-8")
    done = call("init", "made", *WORDS, "--metric", "metrics.py:mine")
    assert done.code == 0, done.err


def test_a_pattern_makes_a_regex_answer(call: Any, tmp_path: Path) -> None:
    done = call("init", "made", *WORDS, "--pattern", r"\b(yes|no)\b")
    assert done.code == 0, done.err
    answer = load_task(tmp_path / "made").answer
    assert (answer.type, answer.pattern) == ("regex", r"\b(yes|no)\b")


def test_a_pattern_is_asked_for_where_it_is_missing(call: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("maieutic.cli.init_wizard.is_interactive", lambda: True)
    given = ["--prompt", "Say it.", "--data", "rows.csv", "--answer", "regex", "--name", "n", "--description", "d"]
    done = call("init", "made", *given, said="(yes|no)\n\n\n\n")
    assert done.code == 0, done.err
    assert load_task(tmp_path / "made").answer.pattern == "(yes|no)"
