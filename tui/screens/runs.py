"""All runs of the folder: state, best, cost; enter watches one."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from textual import work
from textual.binding import Binding, BindingType
from textual.widget import Widget

from ...runtime.monitor.process import is_run_alive
from ...runtime.monitor.snapshot import RunSnapshot
from ...runtime.store import RunRecord, Store
from ..format.text import Glyphs, Line, Tone, date_time, fit, score_text
from ..widgets.breadcrumbs import Breadcrumbs
from ..widgets.line_list import LineList
from .base import Page

_ORDERS = ("newest", "best", "calls", "state")
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
    page_name: ClassVar[str] = "runs"
    route: ClassVar[str] = "runs"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("o", "sort", "Sort", id="runs.sort"),
        Binding("L", "navigate('library')", "Recipes", id="library"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._order = 0
        self._rows: list[RunRow] = []

    def body(self) -> Iterable[Widget]:
        yield LineList(
            id="runs",
            title="runs",
            help_text="Every run of this folder. enter watches one, o changes the order, / filters by any word in it.",
            empty="no runs here yet: maieutic optimize TASK starts one, maieutic demo shows how",
        )

    def on_mount(self) -> None:
        self.poll_store()

    def show_snapshot(self, snapshot: RunSnapshot) -> None:
        self.poll_store()

    def redraw(self) -> None:
        if self.ready:
            self._draw()

    @work(group="runs", exclusive=True)
    async def poll_store(self) -> None:
        """Runs come and go while a person looks at the list."""
        self._rows = await asyncio.to_thread(load_runs, self.ui.store)
        if self.ready:
            self._draw()

    def on_line_list_selected(self, event: LineList.Selected) -> None:
        self.action_navigate("run", event.key)

    def action_sort(self) -> None:
        self._order = (self._order + 1) % len(_ORDERS)
        self._draw()

    def _draw(self) -> None:
        self.query_one(Breadcrumbs).show_path(self.ui.breadcrumbs, None, self.glyphs)
        order, pane = _ORDERS[self._order], self.pane("runs")
        rows = sort_runs(self._rows, order)
        pane.set_titles(f"runs · {order} first")
        width = pane.columns
        lines = [run_line(row, self.glyphs, width) for row in rows]
        pane.show(lines, keys=[row.record.id for row in rows], head=runs_head(width))


def load_runs(store: Store) -> list[RunRow]:
    return [
        RunRow(
            record=record,
            alive=is_run_alive(record),
            calls=sum(cost.calls for cost in store.ledger_sums(record.id).used.values()) or record.calls,
        )
        for record in store.runs()
    ]


def sort_runs(rows: list[RunRow], order: str) -> list[RunRow]:
    match order:
        case "best":
            return sorted(rows, key=lambda row: -(row.record.best_score or -1.0))
        case "calls":
            return sorted(rows, key=lambda row: -row.calls)
        case "state":
            return sorted(rows, key=lambda row: row.state)
    return rows


def _column_widths(width: int) -> tuple[int, int, int]:
    """Cells for task, recipe and start; the last two are left out where they do not fit."""
    recipe, started = 20 if width >= 84 else 13 if width >= 70 else 0, 18 if width >= 100 else 0
    return max(8, width - 48 - recipe - started), recipe, started


def runs_head(width: int) -> Line:
    task, recipe, started = _column_widths(width)
    names = f"{'task':<{task}} {'recipe'[:recipe]:<{recipe}}{'best':>5} {'calls':>7}"
    return ((f"  {'state':<10}{'id':<21}{names}{'  started'[:started]:<{started}}", "head"),)


def run_line(row: RunRow, glyphs: Glyphs, width: int) -> Line:
    """Sign and word of the state, then columns; those that do not fit are left out."""
    record, state = row.record, row.state
    task, recipe, started = _column_widths(width)
    tone = _TONES.get(state, "warn")
    word = "gone" if state == "dead" else state
    return (
        (f"{getattr(glyphs, state)} ", tone),
        (f"{word:<10}", tone),
        (f"{fit(record.id, 20)} ", "dim"),
        (f"{fit(record.task, task)} ", "strong"),
        (f"{fit(record.recipe, recipe - 1)} " if recipe else "", "accent"),
        (f"{score_text(record.best_score):>5} {row.calls:>7,}", ""),
        (f"  {date_time(record.started)}" if started else "", "dim"),
    )
