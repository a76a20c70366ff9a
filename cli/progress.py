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
from ..runtime.telling import tell
from ..runtime.view import RunView, Standing

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from ..runtime.store import Store

_PLAIN = frozenset(
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
_FLUSHES_PER_SECOND = 8
_LOOK_SECONDS = 1.0


class Watcher(Protocol):
    """Hears every event in order; `view` is what was heard so far."""

    view: RunView

    def __call__(self, event: Event) -> None: ...


class Lines:
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
            self._write(json.dumps(event.line(), ensure_ascii=False))
        elif event.kind in _PLAIN and (line := tell(event)):
            suffix = f" · {_account(self.view)}" if event.kind in ("round_finished", "best_changed") else ""
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


class Panel:
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

        from ..runtime.standing import Standings

        self.view = view or RunView()
        self._folder, self._clock = folder, clock
        self._heard = self._looked = clock()
        self._store: Store | None = None
        self._standings = Standings()
        self._drawn = self.view
        self.live = Live(
            console=console,
            get_renderable=lambda: draw(self.now(), console.width),
            refresh_per_second=_FLUSHES_PER_SECOND,
            transient=True,
        )

    def __call__(self, event: Event) -> None:
        self.view = self.view.apply(event)
        self._drawn = replace(self.view, spent=max(self.view.spent, self._drawn.spent, key=lambda one: one.calls))
        self._heard = self._clock()

    def now(self) -> RunView:
        """The view with what is known beyond the last event; asks the store once a second at most."""
        if self._clock() - self._looked >= _LOOK_SECONDS and self.view.state == "running":
            self._looked = self._clock()
            self._drawn = self._look()
        goes = self.view.state == "running" and not self.view.held
        since = self._clock() - self._heard if goes else 0.0
        best, start = self._stands(self.view.best), self._stands(self.view.start)
        return replace(self._drawn, best=best, start=start, seconds=self.view.seconds + since)

    def close(self) -> None:
        if self._store is not None:
            self._store.close()

    def _look(self) -> RunView:
        from ..runtime.store import Store
        from .account import with_account

        if self._store is None:
            self._store = Store.open(self._folder, read_only=True)
        rows = self._store.tallies(self.view.run, after=self._standings.cursor)
        self._standings = self._standings.extend(rows)
        return with_account(self.view, self._store)

    def _stands(self, told: Standing | None) -> Standing | None:
        tally = self._standings.get(told.candidate) if told else None
        if told is None or tally is None or tally.n <= told.n:
            return told
        low, high = tally.interval
        return replace(told, score=tally.mean, low=low, high=high, n=tally.n)


@contextmanager
def watching(*, folder: Path, plain: bool, as_json: bool, view: RunView | None = None) -> Iterator[Watcher]:
    """The right watcher for this terminal; a panel only where someone can see it. What metrics and other guests print
    meanwhile goes to stderr, beside the lines; the panel shows it above itself."""
    if as_json or plain or not sys.stdout.isatty() or os.environ.get("TERM") == "dumb":
        lines = Lines(as_json=as_json, view=view)
        with redirect_stdout(sys.stderr):
            yield lines
        return
    from rich.console import Console

    panel = Panel(Console(), folder, view=view)
    try:
        with panel.live:
            yield panel
    finally:
        panel.close()


def draw(view: RunView, width: int) -> RenderableType:
    """The view as a rich renderable; each line is cut to the width, so that nothing jumps."""
    from rich import box
    from rich.panel import Panel as Frame
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2))
    table.add_column(width=10, style="dim", no_wrap=True)
    # The cells do not wrap, the column may: else rich takes the missing room from the names as well.
    table.add_column()
    for name, value in facts(view):
        table.add_row(name, Text(value, no_wrap=True, overflow="ellipsis"))
    for line in view.recent:
        table.add_row("", Text(line, style="dim", no_wrap=True, overflow="ellipsis"))
    title = f"{view.started.get('task', 'maieutic')} · {view.state}"
    return Frame(table, title=Text(title), title_align="left", box=box.ROUNDED, width=min(width, 110))


def facts(view: RunView) -> list[tuple[str, str]]:
    """What the panel says, as pairs of name and value."""
    rows = [
        ("run", f"{view.run}  recipe {view.started.get('recipe', '?')}  target {view.started.get('target', '?')}"),
        ("phase", f"{view.phase}, round {view.round}" if view.round else view.phase),
        ("candidates", f"{view.tried} tried, {view.alive} alive"),
        ("best", _standing(view.best)),
        ("start", _standing(view.start)),
        ("spent", _account(view)),
        ("pace", f"{view.rate:.1f} calls/s, {_clock(view.seconds)} so far{_eta(view)}"),
    ]
    return [(name, value) for name, value in rows if value]


def _standing(standing: Standing | None) -> str:
    if standing is None:
        return ""
    said = f"{standing.score:.2f}"
    if standing.low is not None and standing.high is not None:
        said += f" [{standing.low:.2f}, {standing.high:.2f}]"
    return f"{said} on {standing.n} rows  {standing.candidate}".rstrip()


def _account(view: RunView) -> str:
    spent, budget = view.spent, view.budget
    parts = [f"{spent.calls}{_of(budget.get('calls'))} calls", f"{spent.target_calls} target"]
    if limit := budget.get("target_calls"):
        parts[1] = f"{spent.target_calls} of {limit} target"
    parts.append(f"{spent.tokens:,}{_of(budget.get('tokens'))} tokens")
    if spent.usd or budget.get("usd"):
        parts.append(f"${spent.usd:.4f}{_of(budget.get('usd'))}")
    return ", ".join(parts)


def _of(limit: object) -> str:
    return f" of {limit:,}" if isinstance(limit, int | float) else ""


def _eta(view: RunView) -> str:
    return f", about {_clock(view.eta)} to the limit" if view.eta is not None else ""


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}:{rest:02d}" if minutes < 60 else f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"
