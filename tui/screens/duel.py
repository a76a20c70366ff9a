"""Blind duels: two outputs without names; a person says which is better, and the run learns it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import ClassVar

from textual import work
from textual.binding import Binding, BindingType
from textual.widget import Widget

from ...core.errors import MaieuticError
from ...runtime.steering.service import directive_named, send_directive, unavailable_reason
from ...runtime.store import Store
from ..format.text import Line, wrap
from ..lines.paired_examples import ExamplePair, PairedEvaluations, load_paired_evaluations
from ..widgets.line_list import LineList
from .base import Page


class DuelPage(Page):
    """Sides change from example to example by a hash, so that neither habit nor side favours a candidate."""

    panes: ClassVar[tuple[str, ...]] = ("input", "left", "right")
    page_name: ClassVar[str] = "duels"
    route: ClassVar[str] = "duel"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "judge(1)", "Left is better", key_display="←", id="duel.left"),
        Binding("right,l", "judge(-1)", "Right is better", key_display="→", id="duel.right"),
        Binding("t", "judge(0)", "Tie", id="duel.tie"),
        Binding("space", "skip", "Skip", id="duel.skip"),
    ]

    def __init__(self, a: str, b: str) -> None:
        super().__init__()
        self.a, self.b = a, b
        self._paired: PairedEvaluations | None = None
        self._pairs: list[ExamplePair] = []
        self._index = 0
        self.wins = {a: 0, b: 0}
        self.ties = 0

    @property
    def route_words(self) -> tuple[str, ...]:
        return (self.a, self.b)

    def body(self) -> Iterable[Widget]:
        yield LineList(id="input", title="input", selectable=False, help_text="The input that both answered.")
        yield LineList(
            id="left", title="left", selectable=False, help_text="One output; the end shows which candidate it is from."
        )
        yield LineList(id="right", title="right", selectable=False, help_text="The other output.")

    def on_mount(self) -> None:
        self.load()

    def redraw(self) -> None:
        super().redraw()
        self._draw()

    @work(group="pairs", exclusive=True)
    async def load(self) -> None:
        if self.snapshot is not None:
            run = self.snapshot.record.id
            self._paired = await asyncio.to_thread(load_paired_evaluations, self.ui.store, run, self.a, self.b)
            self._pairs = self._paired.differing_pairs if self._paired else []
            self._draw()

    @work(group="judge", exclusive=True)
    async def action_judge(self, side: int) -> None:
        """side: 1 for the left, -1 for the right, 0 for a tie."""
        snapshot, spec = self.snapshot, directive_named("prefer")
        if self._paired is None or self._index >= len(self._pairs) or snapshot is None:
            return
        reason = "this view is read-only" if self.ui.read_only else unavailable_reason(spec, snapshot.timeline.view)
        if reason:
            self.notify(reason, severity="warning")
            return
        example = self._pairs[self._index].example.id
        margin = float(-side if self._paired.is_swapped(example) else side)
        try:
            with Store.open(self.ui.folder) as store:
                await send_directive(
                    store, snapshot.record.id, spec, a=self.a, b=self.b, example=example, margin=margin
                )
        except MaieuticError as error:
            self.notify(str(error), severity="error")
            return
        if margin:
            self.wins[self.a if margin > 0 else self.b] += 1
        else:
            self.ties += 1
        self._index += 1
        self._draw()

    def action_skip(self) -> None:
        self._index = min(len(self._pairs), self._index + 1)
        self._draw()

    def _draw(self) -> None:
        paired = self._paired
        if paired is None or not self.ready:
            return
        prompt_input, left, right = (self.pane(name) for name in self.panes)
        prompt_input.border_subtitle = f"{sum(self.wins.values()) + self.ties} judged"
        if self._index >= len(self._pairs):
            prompt_input.set_titles("input")
            prompt_input.show(self._result_lines(max(20, prompt_input.columns)))
            left.show([])
            right.show([])
            return
        pair = self._pairs[self._index]
        first, second = (pair.b, pair.a) if paired.is_swapped(pair.example.id) else (pair.a, pair.b)
        prompt_input.set_titles(f"duel {self._index + 1} of {len(self._pairs)}")
        prompt_input.show(_text_lines(pair.example.text, prompt_input))
        left.show(_text_lines(first.output, left))
        right.show(_text_lines(second.output, right))

    def _result_lines(self, width: int) -> list[Line]:
        if not self._pairs:
            text = "The outputs never differ on an example that both were measured on: there is nothing to judge."
            return [((line, ""),) for line in wrap(text, width)]
        lines: list[Line] = [(("all duels are judged", "strong"),), ()]
        lines += [((f"{name}  ", ""), (f"won {wins}", "strong")) for name, wins in self.wins.items()]
        return [*lines, ((f"ties {self.ties}", "dim"),), (), (("esc goes back", "dim"),)]


def _text_lines(text: str, pane: LineList) -> list[Line]:
    return [((line, ""),) for line in wrap(text.strip() or "(empty)", max(16, pane.columns))]
