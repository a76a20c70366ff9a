"""All runs of the folder: state, best, cost; enter watches one."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from textual import work
from textual.binding import Binding, BindingType
from textual.widget import Widget

from ...core.errors import UsageError
from ...runtime.monitor.process import is_run_alive
from ...runtime.monitor.snapshot import RunSnapshot
from ...runtime.store import RunRecord, Store
from ..format.text import Glyphs, Line, Tone, date_time, fit, score_text
from ..widgets.breadcrumbs import Breadcrumbs
from ..widgets.line_list import LineList
from .base import Page

_SORTS = ("newest", "best", "calls", "state")
_TONES: dict[str, Tone] = {"running": "good", "finished": "", "failed": "bad", "dead": "bad"}


@dataclass(frozen=True, kw_only=True)
class RunRow:
    record: RunRecord
    alive: bool
    calls: int

    @property
    def state(self) -> str:
        gone = self.record.state in ("running", "paused") and not self.alive
        return "dead" if gone else self.record.state


class RunsPage(Page):
    panes: ClassVar[tuple[str, ...]] = ("runs",)
    about: ClassVar[str] = "runs"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("o", "sort", "Sort", id="runs.sort"),
        Binding("L", "library", "Recipes", id="library"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._sort = 0
        self._rows: list[RunRow] = []

    def body(self) -> Iterable[Widget]:
        yield LineList(
            id="runs",
            title="runs",
            about="Every run of this folder. enter watches one, o changes the order, / filters by any word in it.",
            empty="no runs here yet: maieutic optimize TASK begins one, maieutic demo shows how",
        )

    def on_mount(self) -> None:
        self.poll_store()

    def show_snapshot(self, scene: RunSnapshot) -> None:
        self.poll_store()

    def redraw(self) -> None:
        if self.ready:
            self._draw()

    @work(group="runs", exclusive=True)
    async def poll_store(self) -> None:
        """Called now and then: runs come and go while one looks at the list."""
        self._rows = await asyncio.to_thread(load_runs, self.ui.store)
        if self.ready:
            self._draw()

    def on_line_list_selected(self, event: LineList.Selected) -> None:
        try:
            self.ui.attach(event.key)
        except UsageError as error:
            self.notify(str(error), severity="error")

    def action_sort(self) -> None:
        self._sort = (self._sort + 1) % len(_SORTS)
        self._draw()

    def action_library(self) -> None:
        self.ui.open_route("library")

    def _draw(self) -> None:
        self.query_one(Breadcrumbs).show_path(self.ui.path, None, self.signs)
        rows, lines = sort_runs(self._rows, _SORTS[self._sort]), self.pane("runs")
        lines.set_titles(f"runs · {_SORTS[self._sort]} first")
        width = lines.columns
        drawn = [run_line(row, self.signs, width) for row in rows]
        lines.show(drawn, keys=[row.record.id for row in rows], head=runs_head(width))


def load_runs(store: Store) -> list[RunRow]:
    return [
        RunRow(
            record=one,
            alive=is_run_alive(one),
            calls=sum(cost.calls for cost in store.ledger_sums(one.id).used.values()) or one.calls,
        )
        for one in store.runs()
    ]


def sort_runs(rows: list[RunRow], how: str) -> list[RunRow]:
    match how:
        case "best":
            return sorted(rows, key=lambda row: -(row.record.best_score or -1.0))
        case "calls":
            return sorted(rows, key=lambda row: -row.calls)
        case "state":
            return sorted(rows, key=lambda row: row.state)
    return rows


def _column_widths(width: int) -> tuple[int, int, int]:
    """Cells for task, recipe and start; the last two are left out where there is no room for them."""
    recipe, started = 20 if width >= 84 else 13 if width >= 70 else 0, 18 if width >= 100 else 0
    return max(8, width - 48 - recipe - started), recipe, started


def runs_head(width: int) -> Line:
    task, recipe, started = _column_widths(width)
    names = f"{'task':<{task}} {'recipe'[:recipe]:<{recipe}}{'best':>5} {'calls':>7}"
    return ((f"  {'state':<10}{'id':<21}{names}{'  started'[:started]:<{started}}", "head"),)


def run_line(row: RunRow, signs: Glyphs, width: int) -> Line:
    """Sign and word of the state first, then columns that go where there is no room."""
    one, state = row.record, row.state
    task, recipe, started = _column_widths(width)
    word = "gone" if state == "dead" else state
    return (
        (f"{getattr(signs, state)} ", _TONES.get(state, "warn")),
        (f"{word:<10}", _TONES.get(state, "warn")),
        (f"{fit(one.id, 20)} ", "dim"),
        (f"{fit(one.task, task)} ", "strong"),
        (f"{fit(one.recipe, recipe - 1)} " if recipe else "", "accent"),
        (f"{score_text(one.best_score):>5} {row.calls:>7,}", ""),
        (f"  {date_time(one.started)}" if started else "", "dim"),
    )
