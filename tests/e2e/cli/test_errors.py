"""One block for each error, one exit code for each kind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from maieutic.cli import runs as look
from maieutic.cli.errors import wants_json

TASK = """
name = "parity"
prompt = "Say yes or no."
data = "rows.jsonl"
[answer]
type = "label"
labels = ["yes", "no"]
"""


@pytest.fixture
def written(tmp_path: Path) -> Path:
    rows = [f'{{"input": "row {n}", "output": "{"yes" if n % 2 else "no"}"}}' for n in range(20)]
    (tmp_path / "rows.jsonl").write_text("\n".join(rows), encoding="utf-8")
    (tmp_path / "task.toml").write_text(TASK, encoding="utf-8")
    return tmp_path / "task.toml"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["fly"], "No such command"),
        (["optimize"], "Missing argument"),
        (["optimize", "missing.toml"], "there is no task"),
        (["optimize", "task.toml", "--recipe", "atuo"], "did you mean 'auto'"),
        (["optimize", "task.toml", "--calls", "0"], "leaves nothing to spend"),
        (["optimize", "task.toml", "--usd", "-1"], "leaves nothing to spend"),
        (["optimize", "task.toml", "--calls", "many"], "--calls"),
        (["optimize", "task.toml", "--target", "gpt"], "is not a model name"),
        (["optimize", "task.toml", "--role", "critc=local/smollm2"], "did you mean 'critic'"),
        (["optimize", "task.toml", "--role", "critic"], "is not KEY=VALUE"),
        (["optimize", "task.toml", "--set", "speed=1"], "unknown setting 'speed'"),
        (["optimize", "task.toml", "--concurrency", "0"], "--concurrency"),
        (["optimize", "task.toml", "--recipe", "atuo", "--detach"], "did you mean 'auto'"),
        (["optimize", "task.toml", "--tui"], "needs a terminal"),
        (["show"], "no runs in this folder yet"),
        (["stop"], "no runs in this folder yet"),
        (["resume"], "no runs in this folder yet"),
        (["recipes", "marz"], "did you mean 'mars'"),
        (["models", "test", "smollm"], "is not a model name"),
    ],
)
@pytest.mark.usefixtures("written")
def test_wrong_words_end_with_2_and_spend_nothing(call: Any, tmp_path: Path, words: list[str], said: str) -> None:
    done = call(*words)
    assert done.code == 2, done.err
    assert said in done.err
    assert "Traceback" not in done.err
    assert not (tmp_path / ".maieutic").exists()


@pytest.mark.usefixtures("folder")
def test_unknown_runs_and_candidates_name_what_there_is(call: Any, ids: Any) -> None:
    assert ids.run in call("show", "nothing").err
    done = call("show", ids.run, "c-zzz")
    assert done.code == 2
    assert ids.best in done.err
    assert call("show", ids.run, "c-").err.count("beginning of 2") == 1
    assert call("diff", "start", "c-zzz").code == 2


def test_with_json_the_error_is_the_last_line_of_stdout(call: Any) -> None:
    done = call("optimize", "missing.toml", "--json")
    assert done.code == 2
    assert set(done.last["error"]) == {"code", "what", "where", "possible", "remedy"}
    assert done.last["error"]["code"] == "task"
    assert call("fly", "--json").last["error"]["code"] == "usage"


def test_a_defect_is_one_block_and_a_file(call: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*words: object, **options: object) -> None:
        raise ZeroDivisionError("by a key sk-verysecret1")

    monkeypatch.setenv("SOME_API_KEY", "sk-verysecret1")
    monkeypatch.setattr(look, "open_store", broken)
    done = call("show", "--folder", "there")
    assert done.code == 1
    assert "ZeroDivisionError" in done.err
    assert "Traceback" not in done.err
    (log,) = (tmp_path / "there").glob("crash-*.log")
    assert log.name in done.err
    assert "Traceback" in log.read_text(encoding="utf-8")
    assert "sk-verysecret1" not in log.read_text(encoding="utf-8") + done.err


def test_no_colour_where_it_is_not_wanted(call: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in call("show").err


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["runs", "--json"], True),
        (["report", "--format", "json"], True),
        (["report", "--format=json"], True),
        (["report", "--format", "md"], False),
        (["steer", "r", "hint", "--", "--json"], False),
    ],
)
def test_a_script_is_known_by_its_words(words: list[str], expected: bool) -> None:
    assert wants_json(words) is expected
