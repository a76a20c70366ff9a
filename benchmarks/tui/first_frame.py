"""Process time until the first frame of a run: `python benchmarks/tui/first_frame.py FOLDER RUN`, in a fresh process.

Counted is what comes after the import of Textual itself: our own imports, opening the store, mounting, drawing.
"""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

import textual.app
import textual.command
import textual.scroll_view
import textual.suggester
import textual.widgets
from textual.widgets import Input, Label

TEXTUAL = (textual.app.App, textual.command.CommandPalette, textual.scroll_view.ScrollView, Input, Label)


async def first_frame(folder: Path, run: str, began: float) -> float:
    """Until the panes have their places and were drawn once; the log is read after that."""
    from maieutic.tui.app import MaieuticApp

    async with MaieuticApp(folder, run=run).run_test(size=(120, 40)) as pilot:
        while not pilot.app.screen.query("#lineage") or not pilot.app.screen.query_one("#lineage").size.width:
            await pilot.pause(0)
        return time.process_time() - began


if __name__ == "__main__":
    sys.stdout.write(f"{asyncio.run(first_frame(Path(sys.argv[1]), sys.argv[2], time.process_time())):.3f}\n")
