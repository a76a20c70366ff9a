"""The progress of a run that Python code started: a panel in a terminal or a notebook, or plain lines."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ..core.terminal import clean
from .run_context import Callback
from .run_options import RunOptions

_log = logging.getLogger("maieutic")


@dataclass(frozen=True, kw_only=True)
class ShownProgress:
    """What follows a run. draw: redraws between events, for a thread that only waits."""

    callbacks: Sequence[Callback] = ()
    draw: Callable[[], None] = lambda: None

    def __iter__(self) -> Iterator[Callback]:
        return iter(self.callbacks)


@contextmanager
def show_progress(progress: bool | None, options: RunOptions, notes: Sequence[str] = ()) -> Iterator[ShownProgress]:
    """Show a run until the block ends, and before it how its rows were read.

    progress: None shows it in a terminal and in a notebook; True writes lines to stderr elsewhere; False shows nothing.
    """
    for note in notes:
        _log.info("data: %s", note)
    in_notebook, in_terminal = _is_notebook(), sys.stderr.isatty()
    if progress is False or (progress is None and not in_notebook and not in_terminal):
        yield ShownProgress()
        return
    from ..runtime.monitor.progress_display import LineProgress, LivePanel, NotebookPanel

    for note in notes:
        print(clean(f"data: {note}"), file=sys.stderr)  # noqa: T201
    if in_notebook:
        notebook = NotebookPanel(Path(options.folder))
        try:
            yield ShownProgress(callbacks=(notebook,), draw=lambda: _draw(notebook.draw))
        finally:
            _draw(lambda: notebook.draw(final=True))
            notebook.close()
    elif in_terminal:
        from rich.console import Console

        panel = LivePanel(Console(stderr=True), Path(options.folder))
        try:
            with panel.live:
                yield ShownProgress(callbacks=(panel,))
        finally:
            panel.close()
    else:
        yield ShownProgress(callbacks=(LineProgress(out=sys.stderr),))


def _draw(draw: Callable[[], None]) -> None:
    """A display can neither change nor break a run."""
    try:
        draw()
    except Exception:  # noqa: BLE001
        _log.exception("the progress could not be drawn")


def _is_notebook() -> bool:
    """Whether the code runs in a Jupyter kernel."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return type(shell).__name__ == "ZMQInteractiveShell"
