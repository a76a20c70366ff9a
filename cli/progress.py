"""Three ways to watch a run from the terminal: a live panel, plain lines, JSON lines. All only listen."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ..core.events import Event
from ..runtime.monitor.event_messages import message_for
from ..runtime.monitor.run_view import RunView, ScoreSummary

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from ..runtime.store import Store

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
_REFRESHES_PER_SECOND = 8
_STORE_POLL_SECONDS = 1.0


class ProgressDisplay(Protocol):
    """Hears every event in order; `view` is what was heard so far."""

    view: RunView

    def __call__(self, event: Event) -> None: ...


class LineProgress:
    """One line for each round and each new best; with `as_json`, one JSON object for each event.

    It keeps the stdout that it found, whoever takes the name `sys.stdout` afterwards. view: what was seen before.
    """

    def __init__(self, *, as_json: bool = False, view: RunView | None = None) -> None:
        self.view = view or RunView()
        self._as_json = as_json
        self._out = sys.stdout
        self._gone = False

    def __call__(self, event: Event) -> None:
        self.view = self.view.apply(event)
        if self._as_json:
            self._write(json.dumps(event.as_json_line(), ensure_ascii=False))
        elif event.kind in _PLAIN_EVENTS and (line := message_for(event)):
            suffix = f" · {_format_spending(self.view)}" if event.kind in ("round_finished", "best_changed") else ""
            self._write(f"{line}{suffix}")

    def _write(self, line: str) -> None:
        """A reader who hung up is no reason to end the run."""
        if self._gone:
            return
        try:
            self._out.write(f"{line}\n")
            self._out.flush()
        except BrokenPipeError:
            self._gone = True
            os.dup2(os.open(os.devnull, os.O_WRONLY), self._out.fileno())


class LivePanel:
    """A panel that is redrawn in place, a few times a second and never once per event.

    Between events, which come at the end of batches, the store tells what is spent and how start and best stand on all
    rows measured by now, and the clock goes on. view: what was seen before.
    """

    def __init__(
        self,
        console: Console,
        folder: Path,
        clock: Callable[[], float] = time.monotonic,
        view: RunView | None = None,
    ) -> None:
        from rich.live import Live

        from ..runtime.monitor.leaderboard import Leaderboard

        self.view = view or RunView()
        self._folder, self._clock = folder, clock
        self._heard = self._looked = clock()
        self._store: Store | None = None
        self._standings = Leaderboard()
        self._drawn = self.view
        self.live = Live(
            console=console,
            get_renderable=lambda: render_panel(self.current_view(), console.width),
            refresh_per_second=_REFRESHES_PER_SECOND,
            transient=True,
        )

    def __call__(self, event: Event) -> None:
        self.view = self.view.apply(event)
        self._drawn = replace(self.view, spent=max(self.view.spent, self._drawn.spent, key=lambda one: one.calls))
        self._heard = self._clock()

    def current_view(self) -> RunView:
        """The view with what is known beyond the last event; asks the store once a second at most."""
        if self._clock() - self._looked >= _STORE_POLL_SECONDS and self.view.state == "running":
            self._looked = self._clock()
            self._drawn = self._refresh()
        goes = self.view.state == "running" and not self.view.waiting_for_person
        since = self._clock() - self._heard if goes else 0.0
        best, start = self._with_latest_scores(self.view.best), self._with_latest_scores(self.view.start)
        return replace(self._drawn, best=best, start=start, seconds=self.view.seconds + since)

    def close(self) -> None:
        if self._store is not None:
            self._store.close()

    def _refresh(self) -> RunView:
        from ..runtime.store import Store
        from .account import with_spending

        if self._store is None:
            self._store = Store.open(self._folder, read_only=True)
        rows = self._store.tallies(self.view.run, after=self._standings.cursor)
        self._standings = self._standings.extend(rows)
        return with_spending(self.view, self._store)

    def _with_latest_scores(self, told: ScoreSummary | None) -> ScoreSummary | None:
        tally = self._standings.get(told.candidate) if told else None
        if told is None or tally is None or tally.n <= told.n:
            return told
        low, high = tally.interval
        return replace(told, score=tally.mean, low=low, high=high, n=tally.n)


@contextmanager
def progress_display(
    *, folder: Path, plain: bool, as_json: bool, view: RunView | None = None
) -> Iterator[ProgressDisplay]:
    """The right watcher for this terminal; a panel only where someone can see it. What metrics and other guests print
    meanwhile goes to stderr, beside the lines; the panel shows it above itself."""
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


def render_panel(view: RunView, width: int) -> RenderableType:
    """The view as a rich renderable; each line is cut to the width, so that nothing jumps."""
    from rich import box
    from rich.panel import Panel as Frame
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2))
    table.add_column(width=10, style="dim", no_wrap=True)
    # The cells do not wrap, the column may: else rich takes the missing room from the names as well.
    table.add_column()
    for name, value in summary_pairs(view):
        table.add_row(name, Text(value, no_wrap=True, overflow="ellipsis"))
    for line in view.recent:
        table.add_row("", Text(line, style="dim", no_wrap=True, overflow="ellipsis"))
    title = f"{view.started.get('task', 'maieutic')} · {view.state}"
    return Frame(table, title=Text(title), title_align="left", box=box.ROUNDED, width=min(width, 110))


def summary_pairs(view: RunView) -> list[tuple[str, str]]:
    """What the panel says, as pairs of name and value."""
    rows = [
        ("run", f"{view.run}  recipe {view.started.get('recipe', '?')}  target {view.started.get('target', '?')}"),
        ("phase", f"{view.phase}, round {view.round}" if view.round else view.phase),
        ("candidates", f"{view.candidate_count} tried, {view.active_count} alive"),
        ("best", _format_standing(view.best)),
        ("start", _format_standing(view.start)),
        ("spent", _format_spending(view)),
        ("pace", f"{view.rate:.1f} calls/s, {_format_duration(view.seconds)} so far{_format_eta(view)}"),
    ]
    return [(name, value) for name, value in rows if value]


def _format_standing(standing: ScoreSummary | None) -> str:
    if standing is None:
        return ""
    said = f"{standing.score:.2f}"
    if standing.low is not None and standing.high is not None:
        said += f" [{standing.low:.2f}, {standing.high:.2f}]"
    return f"{said} on {standing.n} rows  {standing.candidate}".rstrip()


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
