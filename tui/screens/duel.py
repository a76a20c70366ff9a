"""Blind duels: two answers without names; the person says which is better, and the run learns it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.binding import Binding, BindingType
from textual.widget import Widget

from ...core.errors import MaieuticError
from ...runtime.steering.catalog import directive_named
from ...runtime.steering.service import send_directive, unavailable_reason
from ...runtime.store import Store
from ..format.text import Line, wrap
from ..lines.paired_examples import ExamplePair, PairedEvaluations, load_paired_evaluations
from ..widgets.line_list import LineList
from .base import Page

if TYPE_CHECKING:
    from ..app import MaieuticApp


class DuelPage(Page):
    """Sides change from row to row by a hash, so that neither habit nor place speaks for a candidate."""

    panes: ClassVar[tuple[str, ...]] = ("case", "one", "two")
    about: ClassVar[str] = "duels"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "judge(1)", "Left is better", key_display="←", id="duel.left"),
        Binding("right,l", "judge(-1)", "Right is better", key_display="→", id="duel.right"),
        Binding("t", "judge(0)", "Tie", id="duel.tie"),
        Binding("space", "skip", "Skip", id="duel.skip"),
    ]

    def __init__(self, a: str, b: str) -> None:
        super().__init__()
        self.a, self.b = a, b
        self._pairing: PairedEvaluations | None = None
        self._rows: list[ExamplePair] = []
        self._at = 0
        self.wins = {a: 0, b: 0}
        self.ties = 0

    def body(self) -> Iterable[Widget]:
        yield LineList(id="case", title="the row", picks=False, about="The input that both answered.")
        yield LineList(id="one", title="left", picks=False, about="One answer; whose it is, is told at the end.")
        yield LineList(id="two", title="right", picks=False, about="The other answer.")

    def reopen(self, ui: MaieuticApp) -> None:
        ui.push_screen(DuelPage(self.a, self.b))

    def on_mount(self) -> None:
        self.read()

    def redraw(self) -> None:
        super().redraw()
        self._draw()

    @work(group="pairing", exclusive=True)
    async def read(self) -> None:
        if self.scene is not None:
            run = self.scene.record.id
            self._pairing = await asyncio.to_thread(load_paired_evaluations, self.ui.store, run, self.a, self.b)
            self._rows = self._pairing.differing_pairs if self._pairing else []
            self._draw()

    @work(group="judge", exclusive=True)
    async def action_judge(self, side: int) -> None:
        """side: 1 for the left, -1 for the right, 0 for a tie."""
        scene, action = self.scene, directive_named("prefer")
        if self._pairing is None or self._at >= len(self._rows) or scene is None:
            return
        off = "this view is read-only" if self.ui.read_only else unavailable_reason(action, scene.story.view)
        if off:
            self.notify(off, severity="warning")
            return
        row = self._rows[self._at].example.id
        margin = float(-side if self._pairing.is_swapped(row) else side)
        try:
            with Store.open(self.ui.folder) as store:
                await send_directive(store, scene.record.id, action, a=self.a, b=self.b, example=row, margin=margin)
        except MaieuticError as error:
            self.notify(str(error), severity="error")
            return
        if margin:
            self.wins[self.a if margin > 0 else self.b] += 1
        else:
            self.ties += 1
        self._at += 1
        self._draw()

    def action_skip(self) -> None:
        self._at = min(len(self._rows), self._at + 1)
        self._draw()

    def _draw(self) -> None:
        told = self._pairing
        if told is None or not self.ready:
            return
        case, one, two = (self.pane(name) for name in self.panes)
        case.border_subtitle = f"{sum(self.wins.values()) + self.ties} judged"
        if self._at >= len(self._rows):
            case.set_titles("the row")
            case.show(self._result_lines(max(20, case.columns)))
            one.show([])
            two.show([])
            return
        match = self._rows[self._at]
        swapped = told.is_swapped(match.example.id)
        case.set_titles(f"duel {self._at + 1} of {len(self._rows)}")
        case.show(_text_lines(match.example.text, case))
        one.show(_text_lines((match.b if swapped else match.a).output, one))
        two.show(_text_lines((match.a if swapped else match.b).output, two))

    def _result_lines(self, width: int) -> list[Line]:
        if not self._rows:
            said = "The two never said different things on a row that both were measured on: there is nothing to judge."
            return [((text, ""),) for text in wrap(said, width)]
        lines: list[Line] = [(("the duels are over", "strong"),), ()]
        lines += [((f"{name}  ", ""), (f"won {won}", "strong")) for name, won in self.wins.items()]
        return [*lines, ((f"ties {self.ties}", "dim"),), (), (("esc goes back", "dim"),)]


def _text_lines(text: str, pane: LineList) -> list[Line]:
    return [((line, ""),) for line in wrap(text.strip() or "(nothing)", max(16, pane.columns))]
