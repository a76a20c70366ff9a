"""Watching a run: lines, JSON lines, and a panel that needs no terminal to be drawn."""

from __future__ import annotations

import asyncio
import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from maieutic.cli.progress import LineProgress, LivePanel, progress_display, render_panel, summary_pairs
from maieutic.core.events import Event
from maieutic.core.models import Reply
from maieutic.runtime.monitor.run_view import RunView
from maieutic.runtime.store import Attempt, Store
from rich.console import Console

EVENTS = [
    Event(run="r", kind="run_started", key="1", number=1, data={"task": "parity", "recipe": "auto", "n": "x"}),
    Event(run="r", kind="candidate_proposed", key="2", number=2, data={"candidate": "c-1", "operator": "demos"}),
    Event(run="r", kind="best_changed", key="3", number=3, data={"candidate": "c-1", "score": 0.71, "n": 20}),
    Event(run="r", kind="run_finished", key="4", number=4, data={"best": "c-1", "seq": 99, "event": "other"}),
]


def test_plain_lines_tell_rounds_and_bests_only(capsys: pytest.CaptureFixture[str]) -> None:
    lines = LineProgress()
    for event in EVENTS:
        lines(event)
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "run r: parity with the recipe auto"
    assert said[1].startswith("best is now c-1: 0.71 on 20 examples · 0 calls")
    assert len(said) == 2
    assert lines.view == RunView.from_events(EVENTS)


def test_json_lines_hold_every_event_and_end_with_run_finished(capsys: pytest.CaptureFixture[str]) -> None:
    lines = LineProgress(as_json=True)
    for event in EVENTS:
        lines(event)
    said = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["seq"] for one in said] == [1, 2, 3, 4]
    assert (said[-1]["event"], said[-1]["run"]) == ("run_finished", "r")
    assert said[2]["n"] == 20


@pytest.mark.parametrize("width", [40, 80, 200])
def test_the_panel_keeps_its_width_and_needs_no_colour(width: int) -> None:
    out = StringIO()
    Console(file=out, width=width, no_color=True).print(render_panel(RunView.from_events(EVENTS), width))
    lines = out.getvalue().splitlines()
    assert {len(line) for line in lines} == {min(width, 110)}
    assert "parity" in lines[0]


def test_a_long_line_is_cut_and_takes_no_room_from_the_names() -> None:
    long = Event(run="r", kind="candidate_proposed", key="5", data={"candidate": "c-2", "rationale": "why " * 60})
    out = StringIO()
    view = RunView.from_events(
        [*EVENTS[:1], long, Event(run="r", kind="agent_spoke", key="6", data={"text": "word " * 60})]
    )
    Console(file=out, width=80, no_color=True).print(render_panel(view, 80))
    assert "…" in out.getvalue()
    assert "candidates" in out.getvalue()


def test_the_panel_says_what_is_spent_against_the_budget() -> None:
    started = Event(run="r", kind="run_started", key="1", data={"budget": {"calls": 400, "usd": 2}})
    ledger = {"target_calls": 30, "optimizer_calls": 2, "tokens": 1200, "usd": 0.25}
    batch = Event(run="r", kind="batch_finished", key="2", data={"ledger": ledger})
    spent = dict(summary_pairs(RunView.from_events([started, batch])))["spent"]
    assert spent == "32 of 400 calls, 30 target, 1,200 tokens, $0.2500 of 2"


def test_between_events_the_panel_asks_the_store_and_the_clock(folder: Path, ids: Any) -> None:
    time = [0.0]
    panel = LivePanel(Console(file=StringIO()), folder, clock=lambda: time[0])
    panel(Event(run=ids.other, kind="run_started", key="1", number=1, at="2026-11-21T10:00:00+00:00"))
    with Store.open(folder) as store:
        attempt = Attempt(run=ids.other, key="k", model="m", payer="target", role="target")
        number = asyncio.run(store.begin_attempt(attempt))
        asyncio.run(store.finish_attempt(number, reply=Reply(text="yes", prompt_tokens=7), error=None))
    assert panel.current_view().spent.calls == 0
    time[0] = 5.0
    assert panel.current_view().spent.calls == 1
    assert panel.current_view().seconds == 5.0
    panel(Event(run=ids.other, kind="run_finished", key="2", number=2, at="2026-11-21T10:00:06+00:00"))
    time[0] = 50.0
    assert (panel.current_view().seconds, panel.current_view().spent.calls) == (6.0, 1)
    panel.close()


def test_the_panel_shows_the_best_on_all_rows_that_are_measured_by_now(folder: Path, ids: Any) -> None:
    time = [0.0]
    panel = LivePanel(Console(file=StringIO()), folder, clock=lambda: time[0])
    told = {"candidate": ids.best, "score": 1.0, "low": 0.51, "high": 1.0, "n": 4, "expected": 0.55}
    panel(Event(run=ids.other, kind="best_changed", key="1", number=1, data=told))
    assert dict(summary_pairs(panel.current_view()))["best"].startswith("1.00 [0.51, 1.00] on 4 examples")
    time[0] = 5.0
    assert dict(summary_pairs(panel.current_view()))["best"].startswith("0.75 [0.41, 0.93] on 8 examples")
    panel.close()


def test_without_a_terminal_there_are_lines(tmp_path: Path) -> None:
    with progress_display(folder=tmp_path, plain=False, as_json=False) as watch:
        assert isinstance(watch, LineProgress)
