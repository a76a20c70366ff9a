"""`init` writes a task that loads, and writes over nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from maieutic.cli.init_wizard import prompt_for_missing
from maieutic.cli.task_draft import TaskDraft, write_draft
from maieutic.runtime.tasks.loader import load_task


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    path = tmp_path / "rows.csv"
    lines = [f"row {n},{'yes' if n % 2 else 'no'}" for n in range(20)]
    path.write_text("\n".join(["input,output", *lines]), encoding="utf-8")
    return path


@pytest.mark.usefixtures("rows")
def test_flags_alone_make_a_task_that_loads(call: Any, tmp_path: Path) -> None:
    words = ["--name", "parity", "--prompt", "Say yes or no.", "--data", "rows.csv", "--labels", "yes,no"]
    done = call("init", "made", *words, "--yes", "--json")
    assert done.code == 0, done.err
    assert done.json["rows"] == {"train": 6, "val": 7, "test": 7}
    task = load_task(tmp_path / "made")
    assert (task.name, task.answer.type, task.answer.labels) == ("parity", "label", ("yes", "no"))
    assert str(task.models.optimizer) == "local/smollm2"
    assert task.program.main.instruction == "Say yes or no."


@pytest.mark.usefixtures("rows")
def test_a_task_that_is_there_stays(call: Any, tmp_path: Path) -> None:
    (tmp_path / "task.toml").write_text("mine", encoding="utf-8")
    done = call("init", "--prompt", "x", "--data", "rows.csv", "--yes")
    assert done.code == 2
    assert (tmp_path / "task.toml").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--data", "rows.csv"], "--prompt"),
        (["--prompt", "Say it."], "--data"),
        (["--prompt", "Say it.", "--data", "gone.csv"], "no such file"),
        (["--prompt", "Say it.", "--data", "rows.csv", "--labels", "hot,cold"], "is not a valid answer"),
        (["--prompt", "Say it.", "--data", "rows.csv", "--target", "gpt"], "is not a model name"),
    ],
)
@pytest.mark.usefixtures("rows")
def test_what_does_not_hold_together_leaves_nothing_behind(
    call: Any, tmp_path: Path, words: list[str], said: str
) -> None:
    done = call("init", "made", *words, "--yes")
    assert done.code == 2
    assert said in done.err
    assert "maieutic-init-" not in done.err
    assert not (tmp_path / "made").exists()


def test_a_person_may_paste_rows(call: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("maieutic.cli.init_wizard.is_interactive", lambda: True)
    pasted = [f"row {n} => {'yes' if n % 2 else 'no'}" for n in range(10)]
    answers = ["parity", "Odd or even.", "Say yes or no.", "", *pasted, "no arrow", "", "lable", "label", "yes, no"]
    done = call("init", "made", said="\n".join([*answers, "exact", "", ""]) + "\n")
    assert done.code == 0, done.err
    assert "there is no =>" in done.out
    task = load_task(tmp_path / "made")
    assert sum(len(task.data[split]) for split in ("train", "val", "test")) == 10
    assert task.answer.labels == ("yes", "no")


def test_leaving_in_the_middle_writes_nothing(call: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("maieutic.cli.init_wizard.is_interactive", lambda: True)
    done = call("init", "made", said="parity\n")
    assert done.code == 3
    assert not (tmp_path / "made").exists()


def test_what_was_given_is_not_asked(tmp_path: Path) -> None:
    given = TaskDraft(
        name="n",
        description="d",
        prompt="p",
        data=tmp_path / "x",
        answer="text",
        metric="exact",
        target="a/b",
        optimizer="a/b",
    )
    assert prompt_for_missing(given, tmp_path) == given


def test_a_prompt_file_is_taken_as_its_content(rows: Path, tmp_path: Path) -> None:
    (tmp_path / "start.txt").write_text("Say yes or no.\n", encoding="utf-8")
    written, task = write_draft(TaskDraft(prompt=str(tmp_path / "start.txt"), data=rows), tmp_path / "made")
    assert task.program.main.instruction == "Say yes or no."
    assert json.dumps("Say yes or no.") in written.read_text(encoding="utf-8")
