"""Views do the obvious without words, fit a narrow terminal, and Tab completes what there is."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest
from maieutic.cli import output
from maieutic.cli.completion import complete_models, complete_parts, complete_recipes, completer
from maieutic.runtime.store import RunRecord, Store

PLUGIN = """
from maieutic.plugin import hookimpl
from maieutic.runtime.tasks.source_row import SourceRow


class Own:
    name = "own"
    suffix = ".own"

    def read(self, source, folder):
        return [SourceRow(fields={"input": str(n), "output": "ab"[n % 2]}, where=source) for n in range(9)]

    def export(self, program, task_name, report):
        return f"own {task_name}"


@hookimpl
def maieutic_loaders(register):
    register("own", Own)


@hookimpl
def maieutic_exporters(register):
    register("own", Own)
"""


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output, "is_terminal", lambda: True)
    monkeypatch.setattr(output, "_terminal_width", lambda: 60)


@pytest.mark.usefixtures("folder")
def test_show_diff_and_report_need_no_words(call: Any, ids: Any) -> None:
    assert ids.best in call("show", "best").out.splitlines()[0]
    assert ids.start in call("show", ids.start[:8]).out.splitlines()[0]
    whole = call("diff", "--json").json
    assert (whole["a"], whole["b"]) == (ids.start, ids.best)
    assert call("diff", ids.best, "--json").json == whole
    assert "there is no run 'nobody'" in call("show", "nobody").err


@pytest.mark.usefixtures("folder")
def test_evaluations_are_listed_on_request(call: Any, folder: Path) -> None:
    with Store.open(folder) as store:
        asyncio.run(store.create_run(RunRecord(id="measured-1", task="parity", recipe="eval", state="finished")))
    shown = call("runs").out
    assert "measured-1" not in shown
    assert "1 evaluations are not listed: maieutic runs --all" in shown
    assert "measured-1" in call("runs", "--all").out
    assert "measured-1" in {row["id"] for row in call("runs", "--json").json}


@pytest.mark.usefixtures("folder", "narrow")
@pytest.mark.parametrize(
    "words", [("runs",), ("show",), ("show", "best"), ("scoreboard",), ("examples",), ("recipes",)]
)
def test_a_table_fits_sixty_columns_with_whole_names(call: Any, ids: Any, words: tuple[str, ...]) -> None:
    lines = call(*words).out.splitlines()
    start = next((n for n, line in enumerate(lines) if line.startswith(("id ", "place ", "name ", "split "))), 0)
    assert max(map(len, lines[start:])) <= 60
    text = "\n".join(lines)
    if words == ("runs",):
        assert ids.run in text
    if words == ("recipes",):
        assert "prompt-reinforcing" in text
        assert "…" not in text


@pytest.mark.usefixtures("narrow")
def test_wide_characters_are_counted_by_their_width(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [{"name": "甲", "text": "问题" * 40}, {"name": "b", "text": "x"}]
    output.print_table(rows, ["name", "text"], wrap=("text",))
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == "甲    " + "问题" * 13 + "问"
    assert lines[-1] == "b     x"


@pytest.mark.usefixtures("folder")
def test_a_report_on_a_terminal_is_laid_out(call: Any, ids: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = call("report", ids.run).out
    assert "**" in plain
    monkeypatch.setattr("maieutic.cli.report.is_terminal", lambda: True)
    shown = call("report", ids.run).out
    assert "**" not in shown
    assert "Prompt, [-removed-] and {+added+}" in shown
    assert "```" not in shown


@pytest.mark.usefixtures("folder")
def test_an_export_replaces_a_file_only_if_forced(call: Any, ids: Any, tmp_path: Path) -> None:
    mine = tmp_path / "prompt.txt"
    mine.write_text("edited by hand", encoding="utf-8")
    done = call("export", ids.run, "-o", "prompt.txt")
    assert (done.code, mine.read_text(encoding="utf-8")) == (2, "edited by hand")
    assert "--force" in done.err
    assert call("export", ids.run, "-o", "prompt.txt", "--force").code == 0
    assert call("export", ids.run, "-o", "prompt.txt").code == 0, "the same content is no loss"


@pytest.mark.usefixtures("folder")
def test_an_unknown_format_is_answered_with_formats(call: Any) -> None:
    done = call("export", "--format", "nope")
    assert "did you mean" not in done.err
    assert "possible: dspy, jinja2, json, langchain" in done.err
    assert "did you mean 'jinja2'" in call("export", "--format", "jinja").err


def test_the_options_of_a_part_are_shown(call: Any) -> None:
    (part,) = call("plugins", "show", "numeric", "--json").json
    assert (part["kind"], part["name"]) == ("evaluator", "numeric")
    assert part["options"][0] == {"name": "abs_tol", "type": "a number", "default": "0.0"}
    assert "width      a whole number  4" in call("plugins", "show", "strategy:beam").out
    assert "did you mean 'numeric'" in call("plugins", "show", "numerc").err


def test_plugins_of_a_task_load_its_data_and_export(call: Any, tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(PLUGIN, encoding="utf-8")
    toml = 'plugins = ["./own.py"]\nprompt = "p"\n[data]\npath = "own:rows"\n'
    (tmp_path / "task.toml").write_text(toml, encoding="utf-8")
    done = call("estimate", "task.toml", "--json")
    assert done.code == 0, done.err
    assert done.json["rows"]["train"] == 3
    from maieutic.plugins.loaders.files import dataset_reader
    from maieutic.plugins.system.registry import Registry
    from maieutic.runtime.tasks.loader import load_task

    registry = Registry.load(["./own.py"], folder=tmp_path)
    task = load_task(tmp_path, read=dataset_reader(registry))
    from maieutic.core.candidate import Candidate

    with Store.open(tmp_path / ".maieutic") as store:
        record = RunRecord(id="run-1", task="t", task_json=task.model_dump_json(by_alias=True), recipe="auto")
        asyncio.run(store.create_run(record))
        asyncio.run(
            store.save_candidates("run-1", [Candidate(id="c-1", program=task.program, operator="start", step=1)])
        )
    assert call("export", "--format", "own").out == "own t\n"
    assert call("export", "--format", "own", "--no-plugins").code == 2


@pytest.mark.usefixtures("folder")
def test_tab_completes_runs_candidates_and_names(call: Any, ids: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert complete_recipes("ge") == ["gepa"]
    assert [name for name, _ in completer("exporter")("js")] == ["json"]
    assert "openai/gpt-4o-mini" in complete_models("openai/gpt-4o-m")
    assert complete_models("local") == ["local/smollm2"]
    assert complete_parts("bea")[0][0] == "beam"
    for words, found in ((f"show {ids.run[:4]}", ids.run), (f"show {ids.run} c-b", ids.best), ("diff c-s", ids.start)):
        monkeypatch.setenv("_MAIEUTIC_COMPLETE", "complete_bash")
        monkeypatch.setenv("COMP_WORDS", f"maieutic {words}")
        monkeypatch.setenv("COMP_CWORD", str(len(words.split())))
        assert found in _completions()
    monkeypatch.setenv("COMP_WORDS", "maieutic show --folder gone nobody")
    monkeypatch.setenv("COMP_CWORD", "4")
    assert _completions().strip() == ""


def _completions() -> str:
    from maieutic.cli.app import app
    from typer.testing import CliRunner

    return CliRunner().invoke(app, [], prog_name="maieutic", env=dict(os.environ)).stdout
