"""No record ends the display: a damaged event is left out, and told once."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from maieutic.runtime.store.store import DATABASE
from maieutic.tui.app import MaieuticApp
from textual.pilot import Pilot


@pytest.mark.parametrize("value", ["{broken", '{"round": []}', "[" * 100_000])
async def test_a_damaged_event_is_left_out_and_told_once(
    own: Path,
    value: str,
    screen: Callable[[MaieuticApp], str],
    settle: Callable[[Pilot[None]], Awaitable[None]],
) -> None:
    with sqlite3.connect(own / DATABASE) as base:
        (run,) = base.execute("SELECT id FROM runs WHERE state = 'finished'").fetchone()
        query = "SELECT min(number) FROM events WHERE run = ? AND kind = 'round_started'"
        (number,) = base.execute(query, (run,)).fetchone()
        base.execute("UPDATE events SET data = ? WHERE run = ? AND number = ?", (value, run, number))
    base.close()
    app = MaieuticApp(own, run=run, listing=dict)
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        assert app.is_running
        assert app.snapshot is not None
        assert app.snapshot.timeline.view.number > number
        assert "c-" in screen(app)
        told = [notice.message for notice in app._notifications if f"event {number} is left out" in notice.message]
    assert len(told) <= 1
    assert told or value == '{"round": []}'
    assert app.return_code in (0, None)
