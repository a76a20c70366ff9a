"""The commands of docs/tutorial.md as they stand there, on the table that it shows."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from maieutic.cli.app import app
from maieutic.testing import ScriptedModel, StubServer
from typer.testing import CliRunner

TUTORIAL = Path(__file__).parents[2] / "docs" / "tutorial.md"
BLOCK = re.compile(r"```console\n(.*?)```", re.DOTALL)
TABLE = re.compile(r"```csv\n(.*?)```", re.DOTALL)
BETTER = "Money is billing, a fault is bug, anything else account."


def answer(messages: Any) -> str:
    """Right where the prompt says how; and the author that says it."""
    text = "\n".join(message["content"] for message in messages)
    if "<prompt>" in text:
        return f"<prompt>{BETTER}</prompt>"
    last = messages[-1]["content"]
    return next((team for word, team in WORDS.items() if word in last), "account") if BETTER in text else "account"


WORDS = {"invoice": "billing", "crashes": "bug", "delete": "account"}


@pytest.mark.slow
def test_the_tutorial_runs_from_its_table_to_its_export(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENAI_API_KEY", "anything")
    text = TUTORIAL.read_text(encoding="utf-8")
    shown = TABLE.findall(text)[0].splitlines()
    rows = [f"{n},{shown[1 + n % 3].split(',', 1)[1].replace(',', f' {n},', 1)}" for n in range(60)]
    (tmp_path / "tickets.csv").write_text("\n".join([shown[0], *rows]), encoding="utf-8")
    commands = [line for block in BLOCK.findall(text) for line in block.splitlines() if line.startswith("maieutic ")]
    assert len(commands) == 6
    outputs = []
    with StubServer(ScriptedModel(answer)) as stub:
        for command in commands:
            words = shlex.split(command.replace("openai/gpt-4o-mini", f"openai/stub@{stub.base}"))[1:]
            words += ["--optimizer", f"openai/stub@{stub.base}"] if words[0] == "init" else []
            result = CliRunner().invoke(app, words)
            assert result.exit_code == 0, (command, result.output)
            outputs.append(result.output)
    assert "billing" in outputs[0]
    assert "improved" in outputs[3], outputs[3]
    assert "<svg" in (tmp_path / "report.html").read_text(encoding="utf-8")
    assert BETTER in outputs[5]
