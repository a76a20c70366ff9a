"""Two candidates side by side: flips, outputs, and blind duels."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import ClassVar

from textual import work
from textual.binding import Binding, BindingType
from textual.widget import Widget

from ...runtime.monitor.snapshot import RunSnapshot
from ..lines.candidate_details import prompts_text
from ..lines.diff import diff_lines
from ..lines.lineage import short_id
from ..lines.paired_examples import PairedEvaluations, answer_lines, load_paired_evaluations, pair_head, pair_lines
from ..widgets.line_list import LineList
from .base import Page


class ComparePage(Page):
    panes: ClassVar[tuple[str, ...]] = ("examples", "left", "right", "between")
    directive_names: ClassVar[tuple[str, ...]] = ("prefer", "annotate", "pin", "veto", "fork")
    page_name: ClassVar[str] = "compare"
    route: ClassVar[str] = "compare"
    BINDINGS: ClassVar[list[BindingType]] = [
        *Page.directive_bindings(*directive_names),
        Binding("o", "flips", "Flips only", id="compare.flips"),
        Binding("D", "navigate('duel')", "Blind duels", id="compare.duel"),
        Binding("t", "turn", "Swap sides", id="compare.turn"),
    ]

    def __init__(self, a: str, b: str) -> None:
        super().__init__()
        self.a, self.b = a, b
        self._paired: PairedEvaluations | None = None
        self._flips_only = False

    @property
    def crumb(self) -> str:
        return f"{short_id(self.a)} or {short_id(self.b)}"

    @property
    def route_words(self) -> tuple[str, ...]:
        return (self.a, self.b)

    @property
    def selected_arguments(self) -> Mapping[str, str]:
        example = self.pane("examples").key
        return {"a": self.a, "b": self.b, "candidate": self.b, **({"example": example} if example else {})}

    def body(self) -> Iterable[Widget]:
        yield LineList(
            id="examples",
            title="examples",
            help_text="Examples that both were measured on: + where b is better, - where a is, = for a tie. o shows "
            "flips only. D starts blind duels, d records which of the two you prefer on this example.",
            empty="the two were not measured on the same examples yet",
        )
        yield LineList(id="left", title="a", selectable=False, help_text="The output of a on the selected example.")
        yield LineList(id="right", title="b", selectable=False, help_text="The output of b on the selected example.")
        yield LineList(
            id="between", title="from a to b", selectable=False, help_text="How the prompt changed from a to b."
        )

    def draw_panes(self, snapshot: RunSnapshot) -> None:
        self.load()

    @work(group="pairs", exclusive=True)
    async def load(self) -> None:
        if self.snapshot is not None:
            run = self.snapshot.record.id
            self._paired = await asyncio.to_thread(load_paired_evaluations, self.ui.store, run, self.a, self.b)
            self._draw()

    def on_line_list_highlighted(self) -> None:
        self._draw_sides()

    def action_flips(self) -> None:
        self._flips_only = not self._flips_only
        self._draw()

    def action_turn(self) -> None:
        self.a, self.b = self.b, self.a
        self.load()

    def _draw(self) -> None:
        paired = self._paired
        if paired is None or not self.ready:
            return
        examples, between = self.pane("examples"), self.pane("between")
        pairs = [pair for pair in paired.pairs if pair.flip or not self._flips_only]
        mean_a, mean_b = paired.mean_scores
        examples.set_titles(f"examples · {'flips' if self._flips_only else 'all'} · +{paired.wins} -{paired.losses}")
        size = len(paired.pairs)
        examples.border_subtitle = f"a {mean_a:.2f}  b {mean_b:.2f} on {size} examples" if size else ""
        width = examples.columns
        examples.show(pair_lines(pairs, width), keys=[pair.example.id for pair in pairs], head=pair_head(width))
        between.show(diff_lines(prompts_text(paired.a), prompts_text(paired.b), max(20, between.columns)))
        self._draw_sides()

    def _draw_sides(self) -> None:
        paired, key = self._paired, self.pane("examples").key
        pair = next((pair for pair in paired.pairs if pair.example.id == key), None) if paired else None
        sides = (("left", "a", self.a, pair.a if pair else None), ("right", "b", self.b, pair.b if pair else None))
        for name, letter, candidate, evaluation in sides:
            pane = self.pane(name)
            pane.set_titles(f"{letter} · {short_id(candidate)}")
            pane.show(answer_lines(evaluation, pair.example.outputs if pair else (), max(16, pane.columns)))
        self.update_tabs()
