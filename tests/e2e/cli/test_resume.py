"""`resume` on whatever a run may be: finished, paused, gone, still at work."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from maieutic.cli.progress import summary_pairs
from maieutic.core.directives import Directive, Pause, Resume, Stop
from maieutic.core.events import Event
from maieutic.graphs import api as runs
from maieutic.runtime.monitor.run_view import RunView
from maieutic.runtime.store import Store


@pytest.fixture
def taken_up(monkeypatch: pytest.MonkeyPatch) -> list[RunView]:
    """What was on screen when the library was asked to go on; it stops at once."""
    seen: list[RunView] = []

    async def aresume(run: str, *, listen: Any, **options: Any) -> Any:
        seen.append(listen.view)
        return SimpleNamespace(run=run, state="stopped", report=None)

    monkeypatch.setattr(runs, "aresume", aresume)
    return seen


def say(folder: Path, run: str, *told: Directive) -> None:
    with Store.open(folder) as store:
        for one in told:
            asyncio.run(store.add_directive(run, one))


def said(folder: Path, run: str) -> list[Directive]:
    with Store.open(folder, read_only=True) as store:
        return [one for _, one in store.directives(run)]


def test_a_finished_run_gives_its_last_event_again(call: Any, ids: Any, folder: Path) -> None:
    with Store.open(folder) as store:
        asyncio.run(store.append_events([Event(run=ids.run, kind="run_finished", key="2", data={"best": ids.best})]))
    found = call("resume", ids.run, "--json")
    assert (found.code, found.json["event"], found.json["best"]) == (0, "run_finished", ids.best)


@pytest.mark.usefixtures("folder")
def test_a_finished_run_says_that_it_takes_no_new_budget(call: Any, ids: Any) -> None:
    found = call("resume", ids.run, "--calls", "60")
    assert found.code == 0
    assert f"takes no new budget; maieutic fork {ids.run} best" in found.err
    assert "before" in found.out
    assert call("resume", ids.run).err == ""


@pytest.mark.parametrize(
    ("told", "lifted"),
    [((Pause(),), True), ((Pause(), Resume()), False), ((Pause(), Stop()), False), ((), False)],
)
def test_resume_lifts_a_pause_that_holds(
    call: Any, ids: Any, folder: Path, taken_up: list[RunView], told: tuple[Directive, ...], lifted: bool
) -> None:
    say(folder, ids.other, *told)
    found = call("resume", ids.other, "--json")
    assert (len(taken_up), "the pause is lifted" in found.err) == (1, lifted)
    assert said(folder, ids.other) == [*told, *([Resume()] if lifted else [])]


def test_a_paused_run_whose_process_lives_goes_on_there(
    call: Any, ids: Any, folder: Path, taken_up: list[RunView]
) -> None:
    with Store.open(folder) as store:
        asyncio.run(store.update_run(ids.other, pid=os.getpid(), state="paused"))
    refused = call("resume", ids.other)
    assert (refused.code, "is still running" in refused.err) == (2, True)
    say(folder, ids.other, Pause())
    found = call("resume", ids.other)
    assert (found.code, taken_up) == (0, [])
    assert f"it continues in process {os.getpid()}" in found.err
    assert said(folder, ids.other) == [Pause(), Resume()]


def test_the_screen_of_resume_knows_the_run(call: Any, ids: Any, folder: Path, taken_up: list[RunView]) -> None:
    began = {"task": "parity", "recipe": "auto", "target": "local/smollm2", "budget": {"calls": 100}}
    with Store.open(folder) as store:
        asyncio.run(store.append_events([Event(run=ids.other, kind="run_started", key="2", data=began)]))
    call("resume", ids.other, "--plain", "--calls", "250")
    shown = dict(summary_pairs(taken_up[0]))
    assert shown["run"] == f"{ids.other}  recipe auto  target local/smollm2"
    assert shown["spent"].startswith("0 of 250 calls")


@pytest.mark.usefixtures("folder")
def test_scripts_see_a_dead_process_as_people_do(call: Any, ids: Any) -> None:
    states = {row["id"]: (row["state"], row["alive"]) for row in call("runs", "--json").json}
    assert states == {ids.run: ("finished", False), ids.other: ("interrupted", False)}
    assert call("show", ids.other, "--json").json["state"] == "interrupted"
