"""Which display of a run a command has: a live panel in a terminal, else plain lines or JSON lines."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path

from ..runtime.monitor.progress_display import LineProgress as LineProgress
from ..runtime.monitor.progress_display import LivePanel as LivePanel
from ..runtime.monitor.progress_display import ProgressDisplay as ProgressDisplay
from ..runtime.monitor.progress_display import render_panel as render_panel
from ..runtime.monitor.progress_display import summary_pairs as summary_pairs
from ..runtime.monitor.run_view import RunView


@contextmanager
def progress_display(
    *, folder: Path, plain: bool, as_json: bool, view: RunView | None = None
) -> Iterator[ProgressDisplay]:
    """A panel in a terminal, else lines. What plugins print goes to stderr beside lines, and above a panel."""
    if as_json or plain or not sys.stdout.isatty() or os.environ.get("TERM") == "dumb":
        lines = LineProgress(as_json=as_json, view=view)
        with redirect_stdout(sys.stderr):
            yield lines
        return
    from rich.console import Console

    panel = LivePanel(Console(), folder, view=view)
    try:
        with panel.live:
            yield panel
    finally:
        panel.close()
