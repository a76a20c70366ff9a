"""Three jobs as a new user would do them: from a file of another tool to a report, in at most five commands."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from maieutic.testing import ScriptedModel, StubServer

pytestmark = pytest.mark.slow  # three whole runs

TEAMS = ("Billing", "Technik")
TICKETS = [
    (f"Rechnung {n}: der Betrag; stimmt nicht", TEAMS[0]) if n % 2 else (f"Störung {n}: Größe fehlt", TEAMS[1])
    for n in range(36)
]
BETTER = "Rechnung means Billing, anything else Technik."
# Longer command lines than these are no five minutes.
MOST_COMMANDS, MOST_KEYSTROKES = 5, 480


def _answer(messages: Any) -> str:
    """A target that sorts tickets only where the prompt says how, and an optimizer that says so."""
    text = "\n".join(message["content"] for message in messages)
    last = messages[-1]["content"]
    if "<prompt>" in text:
        return f"<prompt>\n{BETTER}\n</prompt>"
    if BETTER in text:
        return TEAMS[0] if "Rechnung" in last.rpartition(BETTER)[2] else TEAMS[1]
    return TEAMS[0]


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("OPENAI_API_KEY", "anything")
    with StubServer(ScriptedModel(_answer)) as stub:
        yield f"openai/stub@{stub.base}"


def run_job(call: Any, *commands: list[str]) -> list[Any]:
    """The outcomes; the job is short enough to be typed."""
    assert len(commands) <= MOST_COMMANDS
    assert sum(len(" ".join(["maieutic", *words])) + 1 for words in commands) <= MOST_KEYSTROKES
    outcomes = []
    for words in commands:
        outcomes.append(call(*words))
        assert outcomes[-1].code == 0, outcomes[-1].err
    return outcomes


def test_a_support_table_from_excel(call: Any, tmp_path: Path, model: str) -> None:
    lines = ["Nr.;Nachricht;Abteilung", *(f'{n};"{text}";{team}' for n, (text, team) in enumerate(TICKETS))]
    (tmp_path / "tickets.csv").write_bytes("\r\n".join(lines).encode("cp1252"))
    shown, made, _, report, export = run_job(
        call,
        ["data", "tickets.csv"],
        ["init", "t", "--data", "tickets.csv", "--prompt", "Which team?", "--target", model, "-y"],
        ["optimize", "t", "--recipe", "random-demos", "--calls", "120", "--plain"],
        ["report"],
        ["export"],
    )
    assert "not used: Nr." in shown.out
    assert "answer: label (Billing, Technik)" in made.out
    assert "held-out test examples" in report.out
    assert "input ← input; output ← output" in report.out
    assert "Which team?" in export.out


def test_a_promptfoo_project(call: Any, tmp_path: Path, model: str) -> None:
    config = {
        "prompts": ["Which team? {{ticket}}"],
        "providers": ["openai:gpt-4o"],
        "tests": "file://cases/*.yaml",
        "defaultTest": {"assert": [{"type": "word-count", "value": 1}]},
    }
    (tmp_path / "promptfooconfig.yaml").write_text(json.dumps(config), encoding="utf-8")
    (tmp_path / "cases").mkdir()
    for n, (text, team) in enumerate(TICKETS):
        test = {"vars": {"ticket": text}, "assert": [{"type": "icontains", "value": team.lower()}]}
        (tmp_path / "cases" / f"{n:02}.yaml").write_text(json.dumps([test]), encoding="utf-8")
    made, estimate, _, report, export = run_job(
        call,
        ["init", "t", "--data", "promptfoo:promptfooconfig.yaml", "--target", model, "-y"],
        ["estimate", "t"],
        ["optimize", "t", "--recipe", "ape", "--calls", "150", "--plain"],
        ["report"],
        ["export", "--format", "promptfoo"],
    )
    assert "prompt ← the first of promptfooconfig.yaml" in made.out
    assert "providers of promptfooconfig.yaml: left aside" in made.out
    assert "assertions ← assert" in estimate.out
    assert "held-out test examples" in report.out
    assert "{{ ticket }}" in export.out


def test_an_export_of_langsmith(call: Any, tmp_path: Path, model: str) -> None:
    rows = [
        {
            "id": f"run-{n}",
            "inputs": {"ticket": text},
            "outputs": {"team": team},
            "metadata": {"dataset_split": ["base"]},
        }
        for n, (text, team) in enumerate(TICKETS)
    ]
    (tmp_path / "export.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    made, _, report, export = run_job(
        call,
        ["init", "t", "--data", "export.jsonl", "--prompt", "Which team? {ticket}", "--target", model, "-y"],
        ["optimize", "t", "--recipe", "ape", "--calls", "150", "--plain"],
        ["report"],
        ["export", "--format", "langchain-hub"],
    )
    assert "output ← outputs.team" in made.out
    assert "held-out test examples" in report.out
    assert json.loads(export.out)["manifest"]["lc"] == 1
