"""Directives by command line: written once, read by the run at its next step."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from maieutic.runtime.store import Store


def directives(folder: Path, run: str) -> list[dict[str, Any]]:
    with Store.open(folder, read_only=True) as store:
        return [one.model_dump() for _, one in store.directives(run)]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["pause"], {"kind": "pause"}),
        (["resume"], {"kind": "resume"}),
        (["stop"], {"kind": "stop", "report": True, "reason": ""}),
        (["replan"], {"kind": "replan"}),
        (["pin", "c-better"], {"kind": "pin", "candidate": "c-better0000"}),
        (["veto", "best", "--branch"], {"kind": "veto", "candidate": "c-better0000", "branch": True}),
        (["hint", "mind the", "zero"], {"kind": "hint", "text": "mind the zero"}),
    ],
)
def test_each_directive_is_in_the_store(
    call: Any, folder: Path, ids: Any, words: list[str], expected: dict[str, Any]
) -> None:
    done = call("steer", ids.other, *words)
    assert done.code == 0, done.err
    assert directives(folder, ids.other) == [expected]
    assert f"maieutic resume {ids.other}" in done.err


def test_stop_as_json_names_run_and_number(call: Any, folder: Path, ids: Any) -> None:
    found = call("stop", ids.other, "--no-report", "--json").json
    assert (found["run"], found["directive"], found["alive"]) == (ids.other, "stop", False)
    assert directives(folder, ids.other) == [{"kind": "stop", "report": False, "reason": ""}]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["pua"], "unknown directive"),
        (["paus"], "did you mean 'pause'"),
        (["pin"], "pin needs candidate"),
        (["pin", "c-zzz"], "no candidate"),
        (["hint"], "hint needs text"),
        (["pause", "now"], "pause takes no arguments"),
    ],
)
def test_words_that_make_no_directive(call: Any, folder: Path, ids: Any, words: list[str], said: str) -> None:
    done = call("steer", ids.other, *words)
    assert done.code == 2
    assert said in done.err
    assert directives(folder, ids.other) == []


def test_a_finished_run_takes_none(call: Any, folder: Path, ids: Any) -> None:
    done = call("stop", ids.run)
    assert done.code == 2
    assert "finished already" in done.err
    assert directives(folder, ids.run) == []


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["rule", "it is long", "be short"], {"when": "it is long", "advice": "be short"}),
        (["prefer", "start", "best", "margin=-0.5"], {"a": "c-start00000", "b": "c-better0000", "margin": -0.5}),
        (["budget", "calls=300"], {"budget": {"calls": 300}}),
        (["weights", "demos", "2"], {"name": "demos", "weight": 2.0}),
        (["roles", "student", "openai/gpt-4o-mini"], {"role": "student"}),
        (["add-example", "row 99", "yes", "train"], {"input": "row 99", "output": "yes", "split": "train"}),
        (["approve", "yes"], {"rest": True}),
        (["edit", "best", "--text", "Say it."], {"candidate": "c-better0000"}),
    ],
)
def test_the_other_directives(call: Any, folder: Path, ids: Any, words: list[str], expected: dict[str, Any]) -> None:
    done = call("steer", ids.other, *words)
    assert done.code == 0, done.err
    [kept] = directives(folder, ids.other)
    assert kept["kind"] == words[0]
    for name, value in expected.items():
        found = {k: v for k, v in kept[name].items() if v is not None} if isinstance(value, dict) else kept[name]
        assert found == value


def test_an_edit_comes_from_a_file_too(call: Any, folder: Path, ids: Any, tmp_path: Path) -> None:
    (tmp_path / "mine.md").write_text("Odd is yes.", encoding="utf-8")
    assert call("steer", ids.other, "edit", "start", "--file", "mine.md").code == 0
    assert directives(folder, ids.other)[0]["prompt"]["instruction"] == "Odd is yes."
    assert call("steer", ids.other, "edit", "start", "--file", "none.md").code == 2
    assert "terminal for $EDITOR" in call("steer", ids.other, "edit", "start").err


def test_a_dry_run_says_what_would_happen_and_does_nothing(call: Any, folder: Path, ids: Any) -> None:
    found = call("steer", ids.other, "stop", "--dry-run", "--json").json
    assert found["dry_run"] is True
    assert "held-out test" in found["would"]
    assert "not paused" in call("steer", ids.other, "resume", "--dry-run").out
    assert call("steer", ids.other, "pin", "c-zzz", "--dry-run").code == 2
    assert directives(folder, ids.other) == []


def test_what_begins_a_process_is_a_command_of_its_own(call: Any, folder: Path, ids: Any) -> None:
    assert "maieutic fork" in call("steer", ids.other, "fork", "best").err
    assert directives(folder, ids.other) == []
