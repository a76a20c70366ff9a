"""Every screen at every size, letter by letter. `MAIEUTIC_SNAPSHOTS=write` writes them anew; look at the difference.

Text, not SVG: a person can read the difference, and no release of the drawing library breaks all of them. Tones are
told apart in `test_looks.py`.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from maieutic.tui.app import MaieuticApp
from textual.pilot import Pilot

HERE = Path(__file__).parent / "snapshots"
SCREENS: dict[str, tuple[str, ...]] = {
    "run": (),
    "run-dialogue": ("2",),
    "run-scoreboard": ("4",),
    "run-help": ("question_mark",),
    "run-jump": ("semicolon",),
    "candidate": ("end", "up", "enter"),
    "candidate-rows": ("end", "up", "enter", "2"),
    "compare": ("c", "end", "c"),
    "duel": ("c", "end", "c", "D"),
    "examples": ("n",),
    "report": ("R",),
    "runs": ("escape",),
    "library": ("L",),
}
SMALL = ("run", "runs", "candidate", "report")
SIZES = {"60x20": (60, 20), "80x24": (80, 24), "120x40": (120, 40)}


def differs(name: str, seen: str) -> bool:
    file = HERE / f"{name}.txt"
    if os.environ.get("MAIEUTIC_SNAPSHOTS") == "write":
        file.write_text(seen, encoding="utf-8")
    return seen != file.read_text(encoding="utf-8")


@pytest.mark.parametrize("size", SIZES)
async def test_every_screen_looks_as_it_did(
    size: str,
    app: Callable[..., MaieuticApp],
    settle: Callable[[Pilot[None]], Awaitable[None]],
    screen: Callable[[MaieuticApp], str],
) -> None:
    """One application walks through all of them: that is also how a person sees them."""
    ui, wrong = app(), []
    async with ui.run_test(size=SIZES[size]) as pilot:
        await settle(pilot)
        for name, keys in SCREENS.items():
            if size == "60x20" and name not in SMALL:
                continue
            for key in keys:
                await pilot.press(key)
                await settle(pilot)
            if differs(f"{name}.{size}", screen(ui)):
                wrong.append(name)
            while ui.page is None or (ui.page.about not in ("run", "runs")):
                await pilot.press("escape")
                await settle(pilot)
            if ui.page.about == "run":
                await pilot.press("1", "home")
                await settle(pilot)
    assert wrong == []


async def test_signs_can_be_ascii_alone(
    app: Callable[..., MaieuticApp],
    settle: Callable[[Pilot[None]], Awaitable[None]],
    screen: Callable[[MaieuticApp], str],
) -> None:
    ui = app(ascii_only=True)
    async with ui.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        seen = screen(ui)
    assert not differs("run-ascii.80x24", seen)
    tree = "\n".join(seen.splitlines()[2:12])
    assert tree.isascii()
