"""Ways to follow a run: a live panel in a terminal or a notebook, plain lines, JSON lines. None changes the run."""

from __future__ import annotations

import importlib
import io
import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any, Protocol, TextIO

from ...core.events import Event
from ...core.terminal import clean, json_text
from .event_fields import parse_time
from .event_messages import message_for
from .run_view import RunView, ScoreSummary

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from ..store import Store
    from .snapshot import LiveSource

_PLAIN_EVENTS = frozenset(
    {
        "run_started",
        "run_resumed",
        "baseline_measured",
        "plan_made",
        "rows_asked",
        "rows_added",
        "best_changed",
        "round_finished",
        "directive_applied",
        "directive_refused",
        "run_paused",
        "duel_asked",
        "test_opened",
        "run_stopped",
        "run_failed",
    }
)
_REFRESHES_PER_SECOND = 8  # the clock looks smooth; more would only cost CPU beside the run
_STORE_POLL_SECONDS = 1.0
# A page is redrawn as a whole, over the network where the notebook is remote.
_NOTEBOOK_SECONDS, _NOTEBOOK_WIDTH = 0.5, 100


class ProgressDisplay(Protocol):
    """Called with every event in order; `view` is the run so far."""

    @property
    def view(self) -> RunView: ...

    def __call__(self, event: Event) -> None: ...


class LineProgress:
    """One line for each round and each new best; with `as_json`, one JSON object for each event.

    It writes to the stdout of its creation, whatever `sys.stdout` becomes, or to `out`. view: what an earlier session
    wrote.
    """

    def __init__(self, *, as_json: bool = False, view: RunView | None = None, out: TextIO | None = None) -> None:
        self.view = view or RunView()
        self._as_json = as_json
        self._out = out or sys.stdout
        self._closed = False

    def __call__(self, event: Event) -> None:
        self.view = self.view.apply(event)
        if self._as_json:
            self._write(json_text(event.as_json_line()))
        elif event.kind in _PLAIN_EVENTS and (line := message_for(event)):
            suffix = f" · {_format_spending(self.view)}" if event.kind in ("round_finished", "best_changed") else ""
            self._write(clean(f"{line}{suffix}"))

    def _write(self, line: str) -> None:
        """A closed pipe is no reason to end the run."""
        if self._closed:
            return
        try:
            self._out.write(f"{line}\n")
            self._out.flush()
        except BrokenPipeError:
            self._closed = True
            os.dup2(os.open(os.devnull, os.O_WRONLY), self._out.fileno())


class LiveRunView:
    """A run as it is now, between its events too.

    Events come at the end of batches. Between them the store says what is spent and how the best candidate and the
    baseline score on all examples measured by now, and the clock goes on. view: what an earlier session wrote.
    """

    def __init__(self, folder: Path, clock: Callable[[], float] = time.monotonic, view: RunView | None = None) -> None:
        self._earlier = view or RunView()
        self._folder, self._clock = folder, clock
        self._event_time = self._poll_time = clock()
        self._store: Store | None = None
        self._source: LiveSource | None = None
        self._lock = RLock()  # events come in the event loop, frames are drawn in a thread

    @property
    def view(self) -> RunView:
        return self._source.snapshot.timeline.view if self._source else self._earlier

    def __call__(self, event: Event) -> None:
        with self._lock:
            if self._source is None:
                self._source = self._open_source(event.run)
            self._event_time = self._clock()
            self._source.apply([event])

    def current_view(self) -> RunView:
        """The view with what is known beyond the last event; reads the store once a second at most."""
        with self._lock:
            if self._source is None:
                return self._earlier
            if self._clock() - self._poll_time >= _STORE_POLL_SECONDS and self.view.state == "running":
                self._poll_time = self._clock()
                self._source.refresh()
            return self._source.snapshot.view

    def close(self) -> None:
        if self._store is not None:
            self._store.close()

    def _open_source(self, run: str) -> LiveSource:
        """This process carries the run, and its clock counts from the newest event on."""
        from ..store import Store
        from .run_timeline import RunTimeline
        from .snapshot import LiveSource

        self._store = Store.open(self._folder, read_only=True)
        return LiveSource(
            self._store,
            run,
            timeline=RunTimeline(view=self._earlier),
            is_alive=lambda record: True,
            clock=self._clock,
            now=self._now,
        )

    def _now(self) -> datetime:
        newest = parse_time(self.view.at) or datetime.now(UTC)
        return newest + timedelta(seconds=self._clock() - self._event_time)


class LivePanel(LiveRunView):
    """A panel that is redrawn in place, a few times a second and never once per event."""

    def __init__(
        self,
        console: Console,
        folder: Path,
        clock: Callable[[], float] = time.monotonic,
        view: RunView | None = None,
    ) -> None:
        from rich.live import Live

        super().__init__(folder, clock, view)
        self.live = Live(
            console=console,
            get_renderable=lambda: render_panel(self.current_view(), console.width),
            refresh_per_second=_REFRESHES_PER_SECOND,
            transient=True,
            redirect_stdout=sys.stdout.isatty(),
        )


class NotebookPanel(LiveRunView):
    """The same panel as HTML in the output of a notebook's cell; needs no widgets. It stays there after the run."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._handle: Any = None
        self._draw_time = -_NOTEBOOK_SECONDS

    def __call__(self, event: Event) -> None:
        super().__call__(event)
        self.draw()

    def draw(self, *, final: bool = False) -> None:
        """Redraw, at most twice a second."""
        # IPython has no types; read by name, it is the same to a type checker with and without it.
        ipython: Any = importlib.import_module("IPython.display")
        with self._lock:
            if self._source is None or (not final and self._clock() - self._draw_time < _NOTEBOOK_SECONDS):
                return
            self._draw_time = self._clock()
            page = ipython.HTML(panel_html(self.current_view()))
            if self._handle is None:
                self._handle = ipython.display(page, display_id=True)
            else:
                self._handle.update(page)


def panel_html(view: RunView) -> str:
    """The panel as HTML with its own styles."""
    from rich.console import Console

    console = Console(record=True, file=io.StringIO(), width=_NOTEBOOK_WIDTH, force_terminal=True, legacy_windows=False)
    console.print(render_panel(view, _NOTEBOOK_WIDTH))
    frame = '<pre style="line-height:1.25;font-family:monospace;white-space:pre;overflow-x:auto">{code}</pre>'
    return console.export_html(inline_styles=True, code_format=frame)


def render_panel(view: RunView, width: int) -> RenderableType:
    """The view as a rich renderable; each line is cut to the width, so that nothing jumps."""
    from rich import box
    from rich.panel import Panel as Frame
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2))
    table.add_column(width=10, style="dim", no_wrap=True)
    # The cells do not wrap, the column may: else rich shrinks the column of names too.
    table.add_column()
    for name, value in summary_pairs(view):
        table.add_row(name, Text(clean(value), no_wrap=True, overflow="ellipsis"))
    for line in view.recent:
        table.add_row("", Text(clean(line), style="dim", no_wrap=True, overflow="ellipsis"))
    title = f"{view.started.get('task', 'maieutic')} · {view.state}"
    return Frame(table, title=Text(clean(title)), title_align="left", box=box.ROUNDED, width=min(width, 110))


def summary_pairs(view: RunView) -> list[tuple[str, str]]:
    """What the panel says, as pairs of name and value."""
    rows = [
        ("run", f"{view.run}  recipe {view.started.get('recipe', '?')}  target {view.started.get('target', '?')}"),
        ("phase", f"{view.phase}, round {view.round}" if view.round else view.phase),
        ("candidates", f"{view.candidate_count} tried, {view.active_count} active"),
        ("best", _format_score(view.best)),
        ("baseline", _format_score(view.start)),
        ("spent", _format_spending(view)),
        ("pace", f"{view.rate:.1f} calls/s, {_format_duration(view.seconds)} so far{_format_eta(view)}"),
    ]
    return [(name, value) for name, value in rows if value]


def _format_score(summary: ScoreSummary | None) -> str:
    if summary is None:
        return ""
    interval = (
        f" [{summary.low:.2f}, {summary.high:.2f}]" if summary.low is not None and summary.high is not None else ""
    )
    return f"{summary.score:.2f}{interval} on {summary.n} examples  {summary.candidate}".rstrip()


def _format_spending(view: RunView) -> str:
    spent, budget = view.spent, view.budget
    parts = [f"{spent.calls}{_of_limit(budget.get('calls'))} calls", f"{spent.target_calls} target"]
    if limit := budget.get("target_calls"):
        parts[1] = f"{spent.target_calls} of {limit} target"
    parts.append(f"{spent.tokens:,}{_of_limit(budget.get('tokens'))} tokens")
    if spent.usd or budget.get("usd"):
        parts.append(f"${spent.usd:.4f}{_of_limit(budget.get('usd'))}")
    return ", ".join(parts)


def _of_limit(limit: object) -> str:
    return f" of {limit:,}" if isinstance(limit, int | float) else ""


def _format_eta(view: RunView) -> str:
    return f", about {_format_duration(view.eta)} to the limit" if view.eta is not None else ""


def _format_duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}:{rest:02d}" if minutes < 60 else f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"
