"""What can be typed after a colon, and found in the palette: places, looks, and every directive."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ..core.errors import UsageError
from ..core.suggest import did_you_mean
from ..runtime.steering.catalog import DIRECTIVES_BY_NAME

if TYPE_CHECKING:
    from .screens.base import Page

COMMANDS: Mapping[str, str] = {
    "runs": "all runs of this folder",
    "run": "the run that is watched, or run ID for another one",
    "candidate": "candidate ID opens one; best and start are names too",
    "compare": "compare A B puts two candidates side by side",
    "duel": "blind duels between the two that are compared",
    "examples": "the rows, those that fail most first",
    "report": "what the sealed rows say",
    "library": "recipes and plugins",
    "theme": "theme dark, light or contrast",
    "ascii": "trees and signs in ASCII, and back",
    "export": "export FILE.svg or FILE.png draws the lineage",
    "screenshot": "this screen as an SVG file",
    "keys": "where keys are remapped, and the names of all bindings",
    "help": "what can be done here",
    "quit": "leave; the run goes on",
}


async def run_command(page: Page, text: str) -> None:
    """Carry out a typed command; what cannot be done is said, never raised."""
    name, *words = text.split()
    if name in DIRECTIVES_BY_NAME:
        from .steer import steer_run

        await steer_run(page, name, words)
        return
    if name not in COMMANDS:
        hint = did_you_mean(name, [*COMMANDS, *DIRECTIVES_BY_NAME]) or "see :help"
        page.notify(f"no command is called {name!r}; {hint}", severity="warning")
        return
    try:
        page.ui.open_route(name, words)
    except UsageError as error:
        page.notify(str(error.what), severity="warning")
