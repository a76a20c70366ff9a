"""Two candidates side by side: flips, outputs, and blind duels."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.binding import Binding, BindingType
from textual.widget import Widget

from ...runtime.monitor.snapshot import RunSnapshot
from ..lines.candidate_details import prompts_text
from ..lines.diff import diff_lines
from ..lines.lineage import short_id
from ..lines.paired_examples import (
    ExamplePair,
    PairedEvaluations,
    answer_lines,
    load_paired_evaluations,
    pair_head,
    pair_lines,
)
from ..widgets.line_list import LineList
from .base import Page

if TYPE_CHECKING:
    from ..app import MaieuticApp


class ComparePage(Page):
    panes: ClassVar[tuple[str, ...]] = ("matches", "left", "right", "between")
    directive_names: ClassVar[tuple[str, ...]] = ("prefer", "annotate", "pin", "veto", "fork")
    about: ClassVar[str] = "compare"
    BINDINGS: ClassVar[list[BindingType]] = [
        *Page.directive_bindings(*directive_names),
        Binding("o", "flips", "Flips only", id="compare.flips"),
        Binding("D", "duel", "Blind duels", id="compare.duel"),
        Binding("t", "turn", "Turn sides", id="compare.turn"),
    ]

    def __init__(self, a: str, b: str) -> None:
        super().__init__()
        self.a, self.b = a, b
        self._pairing: PairedEvaluations | None = None
        self._flips = False

    @property
    def crumb(self) -> str:
        return f"{short_id(self.a)} or {short_id(self.b)}"

    @property
    def selected_arguments(self) -> Mapping[str, str]:
        row = self.pane("matches").key
        return {"a": self.a, "b": self.b, "candidate": self.b, **({"example": row} if row else {})}

    def body(self) -> Iterable[Widget]:
        yield LineList(
            id="matches",
            title="rows",
            about="Rows that both were measured on: + where b did better, - where a did, = where they tie. o keeps "
            "the flips alone. D begins blind duels, d says which of the two you prefer on this row.",
            empty="they were not measured on the same rows yet",
        )
        yield LineList(id="left", title="a", picks=False, about="What a said on the row under the cursor.")
        yield LineList(id="right", title="b", picks=False, about="What b said on the row under the cursor.")
        yield LineList(id="between", title="from a to b", picks=False, about="How the prompt changed from a to b.")

    def reopen(self, ui: MaieuticApp) -> None:
        ui.push_screen(ComparePage(self.a, self.b))

    def draw_panes(self, scene: RunSnapshot) -> None:
        self.read()

    @work(group="pairing", exclusive=True)
    async def read(self) -> None:
        if self.scene is not None:
            run = self.scene.record.id
            self._pairing = await asyncio.to_thread(load_paired_evaluations, self.ui.store, run, self.a, self.b)
            self._draw()

    def on_line_list_highlighted(self) -> None:
        self._draw_sides()

    def action_flips(self) -> None:
        self._flips = not self._flips
        self._draw()

    def action_turn(self) -> None:
        self.a, self.b = self.b, self.a
        self.read()

    def action_duel(self) -> None:
        from .duel import DuelPage

        self.app.push_screen(DuelPage(self.a, self.b))

    def _draw(self) -> None:
        told = self._pairing
        if told is None or not self.ready:
            return
        rows = self.pane("matches")
        shown = [one for one in told.matches if one.flip] if self._flips else list(told.matches)
        first, second = told.mean_scores
        rows.set_titles(f"rows · {'flips' if self._flips else 'all'} · +{told.wins} -{told.losses}")
        rows.border_subtitle = f"a {first:.2f}  b {second:.2f} on {len(told.matches)} rows" if told.matches else ""
        width = rows.columns
        keys = [one.example.id for one in shown]
        rows.show(pair_lines(shown, width), keys=keys, head=pair_head(width))
        between = self.pane("between")
        between.show(diff_lines(prompts_text(told.a), prompts_text(told.b), max(20, between.columns)))
        self._draw_sides()

    def _draw_sides(self) -> None:
        told, here = self._pairing, self.pane("matches").key
        one: ExamplePair | None = next((m for m in told.matches if m.example.id == here), None) if told else None
        for name, letter, candidate in (("left", "a", self.a), ("right", "b", self.b)):
            pane = self.pane(name)
            pane.set_titles(f"{letter} · {short_id(candidate)}")
            wanted = one.example.outputs if one else ()
            pane.show(answer_lines(getattr(one, letter) if one else None, wanted, max(16, pane.columns)))
        self.update_tabs()
