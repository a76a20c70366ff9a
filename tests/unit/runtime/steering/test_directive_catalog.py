"""The table of actions: when each can be done, what it says it would do, and the directive it becomes."""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from maieutic.core.candidate import Candidate
from maieutic.core.dataset import Example
from maieutic.core.errors import UsageError
from maieutic.core.events import Event
from maieutic.core.program import Program
from maieutic.core.prompt import Demo, Prompt
from maieutic.runtime.monitor.process import is_run_alive, process_start_time
from maieutic.runtime.monitor.run_view import CandidateView, RunView
from maieutic.runtime.steering.lookup import replace_wording
from maieutic.runtime.steering.service import (
    DIRECTIVE_SPECS,
    directive_named,
    preview,
    process_command,
    send_directive,
    unavailable_reason,
)
from maieutic.runtime.store import RunRecord, Store

BORN = {
    name: CandidateView(id=name, operator="rewrite", parents=parents)
    for name, parents in (("c-b", ("c-a",)), ("c-c", ("c-b",)))
}
VIEW = RunView(run="r", state="running", phase="proposing", candidates=BORN)
FILLED: dict[str, dict[str, Any]] = {
    "pin": {"candidate": "c-b"},
    "veto": {"candidate": "c-b", "branch": "yes"},
    "edit": {"candidate": "c-a", "text": "Say it."},
    "hint": {"text": "mind the zero"},
    "rule": {"when": "long", "advice": "be short"},
    "prefer": {"a": "c-a", "b": "c-b", "margin": "-0.5"},
    "annotate": {"example": "e-1", "output": "yes"},
    "add-example": {"input": "new", "output": "no"},
    "budget": {"calls": "50"},
    "roles": {"role": "student", "model": "openai/gpt-4o-mini"},
    "weights": {"name": "demos", "weight": "2"},
    "fork": {"candidate": "c-b"},
}


def test_names_and_keys_are_told_apart() -> None:
    assert (
        len({one.name for one in DIRECTIVE_SPECS}) == len({one.key for one in DIRECTIVE_SPECS}) == len(DIRECTIVE_SPECS)
    )


@pytest.mark.parametrize("action", DIRECTIVE_SPECS, ids=lambda one: one.name)
def test_each_action_says_what_it_would_do(action: Any) -> None:
    assert preview(action, VIEW, **FILLED.get(action.name, {})).endswith((".", "'"))


@pytest.mark.parametrize(
    ("name", "view", "why"),
    [
        ("pause", replace(VIEW, state="paused"), "paused already"),
        ("resume", VIEW, "not paused"),
        ("stop", replace(VIEW, state="finished"), "the run is finished"),
        ("hint", replace(VIEW, phase="testing"), "the search is over"),
        ("approve", VIEW, "no round waits"),
        ("prefer", replace(VIEW, candidates={}), "only one candidate"),
        ("fork", RunView(), "no candidate"),
        ("revive", VIEW, "a process carries the run"),
    ],
)
def test_a_row_that_is_off_says_why(name: str, view: RunView, why: str) -> None:
    assert why in (unavailable_reason(directive_named(name), view) or "")


def test_a_finished_run_can_still_be_forked_and_a_dead_one_revived() -> None:
    assert unavailable_reason(directive_named("fork"), replace(VIEW, state="finished")) is None
    assert unavailable_reason(directive_named("revive"), VIEW, alive=False) is None
    assert "resume it first" in (unavailable_reason(directive_named("pause"), VIEW, alive=False) or "")


def test_a_veto_of_a_branch_names_who_goes() -> None:
    assert "c-b" in preview(directive_named("veto"), VIEW, candidate="c-a", branch="yes")
    assert "and its 2 descendants" in preview(directive_named("veto"), VIEW, candidate="c-a", branch=True)


def test_a_process_is_started_by_words() -> None:
    words = process_command(directive_named("fork"), "r", Path("x"), candidate="c-b", recipe="mars", calls="90")
    assert words[1:] == [
        *("-m", "maieutic", "fork", "r", "c-b", "--recipe", "mars", "--calls", "90", "--json", "--folder", "x")
    ]
    assert process_command(directive_named("revive"), "r", Path("x"))[3:5] == ["resume", "r"]
    with pytest.raises(UsageError, match="starts no process"):
        process_command(directive_named("pause"), "r", Path("x"))


async def test_each_directive_reaches_the_store_and_comes_back(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        await store.create_run(RunRecord(id="r", task="t", recipe="auto", budget_json='{"calls": 10, "usd": 2.0}'))
        await store.save_examples("r", [("val", Example(id="e-1", input="x")), ("test", Example(id="e-t", input="y"))])
        parts = [("c-a", ()), ("c-b", ("c-a",))]
        await store.save_candidates(
            "r", [Candidate(id=n, program=Program.of(n), operator="start", parents=p) for n, p in parts]
        )
        told = [one for one in DIRECTIVE_SPECS if not one.starts_process]
        for action in told:
            assert await send_directive(store, "r", action, **FILLED.get(action.name, {})) > 0
        kept = [directive for _, directive in store.directives("r")]
        assert [one.kind for one in kept] == [one.name for one in told]
        assert next(one.budget for one in kept if one.kind == "budget").model_dump(exclude_none=True) == {
            "calls": 50,
            "usd": 2.0,
        }
        for name, wrong in (
            ("pin", {"candidate": "c-z"}),
            ("annotate", {"example": "e-t", "output": "yes"}),
            ("prefer", {"a": "c-a", "b": "c-a"}),
            ("prefer", {"a": "c-a", "b": "c-b", "margin": "3"}),
            ("weights", {"name": "demos", "weight": "0"}),
            ("budget", {"calls": "0"}),
            ("budget", {}),
            ("hint", {"text": ""}),
            ("hint", {"words": "x"}),
            ("stop", {"report": "perhaps"}),
            ("roles", {"role": "target", "model": "openai/x"}),
            ("fork", {"candidate": "c-a"}),
        ):
            with pytest.raises(UsageError):
                await send_directive(store, "r", directive_named(name), **wrong)
        assert len(store.directives("r")) == len(told)


@given(st.text(min_size=1).filter(str.strip))
def test_an_edit_says_the_text_and_keeps_the_demos(text: str) -> None:
    before = Prompt(instruction="old", principles=("one",), demos=(Demo(input="a", output="b"),), system="s")
    after = replace_wording(before, text)
    assert (after.instruction, after.principles) == (text.strip(), ())
    assert (after.demos, after.system) == (before.demos, before.system)


def test_a_pid_that_was_given_to_another_process_is_no_living_run() -> None:
    mine = RunRecord(
        id="r", task="t", recipe="auto", pid=os.getpid(), options={"born": process_start_time(os.getpid())}
    )
    assert is_run_alive(mine)
    assert not is_run_alive(mine.model_copy(update={"options": {"born": "another boot/1"}}))


def test_latest_is_the_last_search(tmp_path: Path) -> None:
    async def fill(store: Store) -> None:
        for name, recipe in (("a", "auto"), ("b", "eval")):
            await store.create_run(RunRecord(id=name, task="t", recipe=recipe))

    with Store.open(tmp_path) as store:
        asyncio.run(fill(store))
        assert store.run("latest").id == "a"
        assert store.run("b").recipe == "eval"


def test_a_paused_run_stays_paused_whatever_was_in_flight() -> None:
    def event(number: int, kind: Any, **data: Any) -> Event:
        return Event(run="r", kind=kind, key=str(number), number=number, data=data)

    view = RunView.from_events([event(1, "run_started"), event(2, "run_paused"), event(3, "batch_finished")])
    assert view.state == "paused"
    hint = event(4, "directive_applied", directive={"kind": "hint"})
    assert view.apply(hint).state == "paused"
    assert view.apply(event(4, "directive_applied", directive={"kind": "resume"})).state == "running"
    asked = view.apply(event(4, "approval_asked", round=1, target=3, optimizer=2))
    assert asked.pending_approval["target"] == 3
    assert not asked.apply(event(5, "directive_applied", directive={"kind": "approve"})).pending_approval
