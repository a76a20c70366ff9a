"""The editor of the app: what was typed is never lost."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from maieutic.tui.app import MaieuticApp
from textual.pilot import Pilot
from textual.widgets import TextArea

LIVE = "20261121-120000-cccc"


async def test_a_text_that_was_left_is_the_draft_of_the_next_time(
    own: Path,
    hand_of: Callable[[Pilot[None]], Any],
    settle: Callable[[Pilot[None]], Awaitable[None]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("VISUAL", "/nowhere/ed")
    app = MaieuticApp(own, run=LIVE)
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        hand = hand_of(pilot)

        async def open_editor() -> TextArea:
            await hand.press("e")
            await hand.until(lambda: bool(app.screen.query(TextArea)), "the editor")
            return app.screen.query_one(TextArea)

        field = await open_editor()
        original = field.text
        field.text = "half a thought"
        await hand.press("ctrl+e")
        await settle(pilot)
        assert app.screen.query_one(TextArea).text == "half a thought", "an editor that is missing changes nothing"
        await hand.press("escape")
        await settle(pilot)
        field = await open_editor()
        assert field.text == "half a thought"
        await hand.press("ctrl+r")
        assert field.text == original
        await hand.press("escape")
        await settle(pilot)
        assert not app.drafts, "an unchanged text is no draft"
