"""What a person types into `init` is never lost, and what the rows suggest is proposed with its reason."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from maieutic.runtime.tasks.loader import load_task

GIVEN = ["--name", "n", "--description", "d", "--target", "local/smollm2", "--optimizer", "local/smollm2"]


@pytest.fixture(autouse=True)
def terminal(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("maieutic.cli.init_wizard.is_interactive", lambda: True)
    lines = [f'{n},"mail {n} from a person, who writes",{"billing" if n % 2 else "shipping"}' for n in range(20)]
    (tmp_path / "rows.csv").write_text("\n".join(["Key,What they wrote,Goes to", *lines]), encoding="utf-8")


def drafts(folder: Path) -> list[Path]:
    return list((folder / ".maieutic" / "drafts").glob("*.json"))


def test_what_was_typed_is_there_when_init_goes_on(call: Any, tmp_path: Path) -> None:
    stopped = call("init", "made", said="mails\nSort mails.\nWhich team?\n")
    assert stopped.code == 3
    assert "Enter takes the value in brackets, or skips; each answer is saved" in stopped.out
    (saved,) = drafts(tmp_path)
    assert json.loads(saved.read_text(encoding="utf-8"))["prompt"] == "Which team?"
    assert saved.stat().st_mode & 0o077 == 0
    done = call("init", "made", said="rows.csv\n\n\n\n\n\n\n\n")
    assert done.code == 0, done.err
    assert "going on with 3 saved answers: name, description, prompt" in done.out
    task = load_task(tmp_path / "made")
    assert (task.name, task.program.main.instruction, task.answer.labels) == (
        "mails",
        "Which team?",
        ("billing", "shipping"),
    )
    assert not (tmp_path / ".maieutic").exists()


def test_columns_labels_and_metric_are_proposed_with_the_reason(call: Any, tmp_path: Path) -> None:
    done = call("init", "made", *GIVEN, "--prompt", "Which?", said="gone.csv\nrows.csv\nKey + nope\n\n\n\n\n\n")
    assert done.code == 0, done.err
    for line in (
        "no such file of examples",
        "guessed: output ← Goes to: its values repeat, as labels do",
        "not used: Key",
        "input column; several with + [What they wrote]",
        "there is no column 'nope'",
        "answer: label, because 20 references are 2 labels",
        "labels, separated by commas [billing, shipping]",
        "evaluator [exact]",
    ):
        assert line in done.out
    assert load_task(tmp_path / "made").data.train[0].text.startswith("mail ")


def test_an_answer_that_does_not_fit_is_asked_again_alone(call: Any, tmp_path: Path) -> None:
    words = [*GIVEN, "--prompt", "Which?", "--data", "rows.csv", "--answer", "label"]
    done = call("init", "made", *words, said="\n\nhot, cold\nexact\nlabels\nbilling, shipping\n")
    assert done.code == 0, done.err
    assert "this does not fit: the reference" in done.out
    assert "which answer do you change?" in done.out
    assert load_task(tmp_path / "made").answer.labels == ("billing", "shipping")
    lost = call("init", "again", *words, said="\n\nhot, cold\nexact\n\n")
    assert lost.code == 2
    assert len(drafts(tmp_path)) == 1, "what was typed stays for the next call"


def test_several_outputs_are_asked_about(call: Any, tmp_path: Path) -> None:
    rows = [{"input": f"row {n}", "output": ["a", "b"] if n % 2 else ["c", "d"]} for n in range(12)]
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    done = call("init", "made", *GIVEN, "--prompt", "p", "--data", "rows.jsonl", said="both\nalternatives\ntext\n\n")
    assert done.code == 0, done.err
    assert "12 rows have several outputs" in done.out
    assert {example.outputs for example in load_task(tmp_path / "made").data.examples()} == {("a", "b"), ("c", "d")}


def test_the_last_screen_shows_prompt_examples_metric_gain_and_command(call: Any) -> None:
    words = [*GIVEN, "--prompt", "Which team? {{ What they wrote }}", "--data", "rows.csv", "--yes"]
    done = call("init", "made", *words)
    assert done.code == 0, done.err
    out = done.out
    assert "Which team? mail" in out
    header = next(line for line in out.splitlines() if line.startswith("input  "))
    assert header.split() == ["input", "expected", "exact"]
    assert out.count("1.00") == 3
    assert "gain     7 held-out examples" in out
    assert out.splitlines()[-1] == "next: maieutic estimate made   then   maieutic optimize made"


def test_an_interview_tells_that_enter_skips(call: Any) -> None:
    done = call("init", "made", "--interview", *GIVEN[:2], said="Sort mails.\n" + "\n" * 40)
    assert "Enter skips a question" in done.out
