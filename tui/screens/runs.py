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
from ...runtime.process import is_alive
from ...runtime.store import RunRecord, Store
from ..feed import Scene
from ..page import Page
from ..widgets.crumbs import Crumbs
from ..widgets.lines import LineList
from ..words import Line, Signs, Tone, day, fit, score

_SORTS = ("newest", "best", "calls", "state")
_TONES: dict[str, Tone] = {"running": "good", "finished": "", "failed": "bad", "dead": "bad"}


@dataclass(frozen=True, kw_only=True)
class Row:
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
        self._rows: list[Row] = []

    def body(self) -> Iterable[Widget]:
        yield LineList(
            id="runs",
            title="runs",
            about="Every run of this folder. enter watches one, o changes the order, / filters by any word in it.",
            empty="no runs here yet: maieutic optimize TASK begins one, maieutic demo shows how",
        )

    def on_mount(self) -> None:
        self.idle()

    def tell(self, scene: Scene) -> None:
        self.idle()

    def redraw(self) -> None:
        if self.ready:
            self._fill()

    @work(group="runs", exclusive=True)
    async def idle(self) -> None:
        """Called now and then: runs come and go while one looks at the list."""
        self._rows = await asyncio.to_thread(read_runs, self.ui.store)
        if self.ready:
            self._fill()

    def on_line_list_picked(self, event: LineList.Picked) -> None:
        try:
            self.ui.attach(event.key)
        except UsageError as error:
            self.notify(str(error), severity="error")

    def action_sort(self) -> None:
        self._sort = (self._sort + 1) % len(_SORTS)
        self._fill()

    def action_library(self) -> None:
        self.ui.go("library")

    def _fill(self) -> None:
        self.query_one(Crumbs).tell(self.ui.path, None, self.signs)
        rows, lines = sorted_rows(self._rows, _SORTS[self._sort]), self.pane("runs")
        lines.entitle(f"runs · {_SORTS[self._sort]} first")
        width = lines.columns
        drawn = [run_line(row, self.signs, width) for row in rows]
        lines.show(drawn, keys=[row.record.id for row in rows], head=head_line(width))


def read_runs(store: Store) -> list[Row]:
    return [
        Row(
            record=one,
            alive=is_alive(one),
            calls=sum(cost.calls for cost in store.ledger_rows(one.id).used.values()) or one.calls,
        )
        for one in store.runs()
    ]


def sorted_rows(rows: list[Row], how: str) -> list[Row]:
    match how:
        case "best":
            return sorted(rows, key=lambda row: -(row.record.best_score or -1.0))
        case "calls":
            return sorted(rows, key=lambda row: -row.calls)
        case "state":
            return sorted(rows, key=lambda row: row.state)
    return rows


def _columns(width: int) -> tuple[int, int, int]:
    """Cells for task, recipe and start; the last two are left out where there is no room for them."""
    recipe, started = 20 if width >= 84 else 13 if width >= 70 else 0, 18 if width >= 100 else 0
    return max(8, width - 48 - recipe - started), recipe, started


def head_line(width: int) -> Line:
    task, recipe, started = _columns(width)
    names = f"{'task':<{task}} {'recipe'[:recipe]:<{recipe}}{'best':>5} {'calls':>7}"
    return ((f"  {'state':<10}{'id':<21}{names}{'  started'[:started]:<{started}}", "head"),)


def run_line(row: Row, signs: Signs, width: int) -> Line:
    """Sign and word of the state first, then columns that go where there is no room."""
    one, state = row.record, row.state
    task, recipe, started = _columns(width)
    word = "gone" if state == "dead" else state
    return (
        (f"{getattr(signs, state)} ", _TONES.get(state, "warn")),
        (f"{word:<10}", _TONES.get(state, "warn")),
        (f"{fit(one.id, 20)} ", "dim"),
        (f"{fit(one.task, task)} ", "strong"),
        (f"{fit(one.recipe, recipe - 1)} " if recipe else "", "accent"),
        (f"{score(one.best_score):>5} {row.calls:>7,}", ""),
        (f"  {day(one.started)}" if started else "", "dim"),
    )
