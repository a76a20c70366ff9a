"""Every screen at every size, letter by letter. `MAIEUTIC_SNAPSHOTS=write` writes them anew; look at the difference.

Text, not SVG: a person can read the difference, and no release of the drawing library breaks all of them. Tones are
told apart in `test_looks.py`.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from maieutic.tui.app import MaieuticApp
from textual.pilot import Pilot

RUN, GONE = "20261121-100000-aaaa", "20261121-110000-bbbb"
LIVE, PAUSED, ASKING = "20261121-120000-cccc", "20261121-130000-dddd", "20261121-140000-eeee"
HERE = Path(__file__).parent / "snapshots"
SCREENS: dict[str, tuple[str, ...]] = {
    "run": (),
    "run-dialogue": ("2",),
    "run-curve": ("3",),
    "run-scoreboard": ("4",),
    "run-log": ("5",),
    "run-plan": ("P",),
    "run-help": ("question_mark",),
    "run-jump": ("semicolon",),
    "candidate": ("end", "up", "enter"),
    "candidate-rows": ("end", "up", "enter", "2"),
    "candidate-row": ("end", "up", "enter", "2", "enter"),
    "candidate-diff": ("end", "up", "enter", "3"),
    "candidate-origin": ("end", "up", "enter", "4"),
    "compare": ("c", "end", "c"),
    "duel": ("c", "end", "c", "D"),
    "examples": ("n",),
    "report": ("R",),
    "runs": ("escape",),
    "library": ("L",),
}
ASKED: dict[str, tuple[tuple[str, ...], str]] = {
    "live": ((), "running"),
    "palette": (("ctrl+p", *"veto"), "Veto: Exclude this candidate"),
    "filter": (("slash",), "words to look for"),
    "command": (("colon",), "a command, such as"),
    "hint": (("h",), "what optimizer models should"),
    "veto": (("v", "enter"), "is excluded"),
    "budget": (("b",), "such as calls"),
    "editor": (("e",), "ctrl+s saves"),
}
STATES = {"paused": PAUSED, "asking": ASKING, "gone": GONE}
SMALL = ("run", "runs", "candidate", "report", "live", "editor", "veto")
SIZES = {"60x20": (60, 20), "80x24": (80, 24), "120x40": (120, 40)}
SIZE_CASES = [pytest.param(size, marks=[pytest.mark.slow] * (size != "80x24")) for size in SIZES]
Still = Callable[..., MaieuticApp]
Settle = Callable[[Pilot[None]], Awaitable[None]]
See = Callable[[MaieuticApp], str]
HandOf = Callable[[Pilot[None]], Any]


def differs(name: str, seen: str) -> bool:
    file = HERE / f"{name}.txt"
    if os.environ.get("MAIEUTIC_SNAPSHOTS") == "write":
        file.write_text(seen, encoding="utf-8")
    return seen != file.read_text(encoding="utf-8")


@pytest.mark.parametrize("size", SIZE_CASES)
async def test_every_screen_looks_as_it_did(
    size: str, still: Still, settle: Settle, screen: See, hand_of: HandOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One application walks through all of them: that is also how a person sees them."""
    ui, wrong = still(RUN), []
    monkeypatch.setattr(ui, "notify", lambda *_, **__: None)  # what is said for a while is gone after a while
    async with ui.run_test(size=SIZES[size]) as pilot:
        await settle(pilot)
        for name, keys in SCREENS.items():
            if size == "60x20" and name not in SMALL:
                continue
            await walk(pilot, hand_of, settle, keys)
            if differs(f"{name}.{size}", screen(ui)):
                wrong.append(name)
            while ui.page is None or (ui.page.page_name not in ("run", "runs")):
                await walk(pilot, hand_of, settle, ("escape",))
            if ui.page.page_name == "run":
                await walk(pilot, hand_of, settle, ("1", "home"))
    assert wrong == []


@pytest.mark.parametrize("size", SIZE_CASES)
async def test_every_question_looks_as_it_did(
    size: str, still: Still, settle: Settle, screen: See, hand_of: HandOf
) -> None:
    """What a person is asked while a run goes on: bar, editor, palette."""
    ui, wrong = still(LIVE), []
    async with ui.run_test(size=SIZES[size]) as pilot:
        await settle(pilot)
        for name, (keys, told) in ASKED.items():
            if size == "60x20" and name not in SMALL:
                continue
            await hand_of(pilot).press(*keys)
            await hand_of(pilot).until(lambda told=told: told[:30] in screen(ui), name)
            await settle(pilot)
            if differs(f"{name}.{size}", screen(ui)):
                wrong.append(name)
            if keys:
                await hand_of(pilot).press("escape")
                await settle(pilot)
            assert ui.page is not None
            assert ui.page.page_name == "run"
    assert wrong == []


@pytest.mark.parametrize("state", STATES)
async def test_every_state_looks_as_it_did(state: str, still: Still, settle: Settle, screen: See) -> None:
    ui = still(STATES[state])
    async with ui.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert not differs(f"{state}.80x24", screen(ui))


async def walk(pilot: Pilot[None], hand_of: HandOf, settle: Settle, keys: tuple[str, ...]) -> None:
    """One key after the other, each settled."""
    for key in keys:
        await hand_of(pilot).press(key)
        await settle(pilot)
