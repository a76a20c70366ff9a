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
        (["stop"], {"kind": "stop", "report": True}),
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
    assert directives(folder, ids.other) == [{"kind": "stop", "report": False}]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["pua"], "no directive is called"),
        (["paus"], "did you mean 'pause'"),
        (["pin"], "pin needs candidate"),
        (["pin", "c-zzz"], "no candidate"),
        (["hint"], "hint needs text"),
        (["pause", "now"], "pause takes nothing more"),
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
