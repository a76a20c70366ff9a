"""The examples: which of them candidates fail on, and what they answered; annotate them, add boundary cases."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import work
from textual.binding import Binding, BindingType
from textual.widget import Widget

from ...core.dataset import Example
from ...core.score import Evaluation
from ...runtime.monitor.snapshot import RunSnapshot
from ...runtime.store import ExampleTally, Store
from ..format.text import Glyphs, Line, Tone, fit, one_line, score_text, wrap
from ..lines.candidate_details import outcome_mark
from ..lines.lineage import short_id
from ..widgets.line_list import LineList
from .base import Page

_ORDERS = ("hardest", "as in the file", "unreadable")
_HARD = 0.5  # mean score below which an example is drawn as a problem
_MAX_ANSWERS = 100  # a pane that shows more than a hundred answers helps nobody


@dataclass(frozen=True, kw_only=True)
class ExampleRow:
    """An example with its scores over all candidates; tally is None where nobody ran on it."""

    split: str
    example: Example
    tally: ExampleTally | None

    @property
    def mean(self) -> float | None:
        return self.tally.total / self.tally.n if self.tally and self.tally.n else None


class ExamplesPage(Page):
    panes: ClassVar[tuple[str, ...]] = ("examples", "answers")
    directive_names: ClassVar[tuple[str, ...]] = ("annotate", "add-example", "hint", "rule")
    page_name: ClassVar[str] = "examples"
    route: ClassVar[str] = "examples"
    BINDINGS: ClassVar[list[BindingType]] = [
        *Page.directive_bindings(*directive_names),
        Binding("o", "sort", "Sort", id="examples.sort"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._rows: list[ExampleRow] = []
        self._order = 0

    @property
    def selected_arguments(self) -> Mapping[str, str]:
        return {"example": key} if (key := self.pane("examples").key) else {}

    def body(self) -> Iterable[Widget]:
        yield LineList(
            id="examples",
            title="examples",
            help_text="All train and val examples; the held-out test is not shown. Mean score over all candidates that "
            "ran on it, how many those are, and unreadable answers. a annotates an example, x adds a boundary case.",
            empty="the run has no examples yet",
        )
        yield LineList(
            id="answers",
            title="answers",
            selectable=False,
            help_text="The example in full, its reference answer, and each candidate's answer, the worst first.",
        )

    def draw_panes(self, snapshot: RunSnapshot) -> None:
        self.load()

    @work(group="rows", exclusive=True)
    async def load(self) -> None:
        if self.snapshot is not None:
            self._rows = await asyncio.to_thread(load_example_rows, self.ui.store, self.snapshot.record.id)
            self._draw()

    def on_line_list_highlighted(self) -> None:
        self.load_answers()

    def on_line_list_selected(self) -> None:
        self.show_pane("answers")

    def action_sort(self) -> None:
        self._order = (self._order + 1) % len(_ORDERS)
        self._draw()

    @work(group="answers", exclusive=True)
    async def load_answers(self) -> None:
        pane, key = self.pane("answers"), self.pane("examples").key
        row = next((row for row in self._rows if row.example.id == key), None)
        if row is None or self.snapshot is None:
            pane.show([])
            return
        run = self.snapshot.record.id
        evaluations = await asyncio.to_thread(self.ui.store.evaluations_on_example, run, key, limit=_MAX_ANSWERS)
        if self.ready:
            pane.show(example_answer_lines(row.example, evaluations, self.glyphs, max(20, pane.columns)))

    def _draw(self) -> None:
        if not self.ready:
            return
        order, pane = _ORDERS[self._order], self.pane("examples")
        rows = sort_examples(self._rows, order)
        pane.set_titles(f"examples · {order} · {len(rows)}")
        width = pane.columns
        head: Line = ((fit(f"{'split':<6}{'mean':>5}{'ran':>6}{'unread':>7}  input", width), "head"),)
        pane.show([example_line(row, width) for row in rows], keys=[row.example.id for row in rows], head=head)
        self.update_tabs()
        self.load_answers()


def load_example_rows(store: Store, run: str) -> list[ExampleRow]:
    tallies = {(tally.split, tally.example): tally for tally in store.example_tallies(run)}
    return [
        ExampleRow(split=split, example=example, tally=tallies.get((split, example.id)))
        for split, example in store.examples(run)
        if split in ("train", "val")
    ]


def sort_examples(rows: list[ExampleRow], order: str) -> list[ExampleRow]:
    if order == "hardest":  # those that nobody ran on come last
        return sorted(rows, key=lambda row: 2.0 if row.mean is None else row.mean)
    if order == "unreadable":
        return sorted(rows, key=lambda row: -(row.tally.unreadable if row.tally else 0))
    return rows


def example_line(row: ExampleRow, width: int) -> Line:
    mean, tally = row.mean, row.tally
    tone: Tone = "dim" if mean is None else "bad" if mean < _HARD else ""
    return (
        (f"{row.split:<6}", "dim"),
        (f"{score_text(mean):>5}", tone),
        (f"{tally.n if tally else 0:>6}", ""),
        (f"{tally.unreadable or '' if tally else '':>7}  ", "warn"),
        (fit(one_line(row.example.text), max(4, width - 26)), ""),
    )


def example_answer_lines(example: Example, evaluations: Sequence[Evaluation], glyphs: Glyphs, width: int) -> list[Line]:
    reference = one_line(" | ".join(example.outputs)) or "(not labelled)"
    lines: list[Line] = [(("input", "head"),), *(((f"  {text}", ""),) for text in wrap(example.text, width - 2))]
    lines += [(), (("reference", "head"),), ((f"  {reference}", ""),), (), (("answers", "head"),)]
    for evaluation in evaluations:
        sign, tone = outcome_mark(evaluation, glyphs)
        output = one_line(evaluation.output) or "(empty)"
        lines.append(
            (
                (f"  {sign} ", tone),
                (f"{short_id(evaluation.candidate)} ", "dim"),
                (f"{evaluation.score:.2f} ", "strong"),
                (fit(output, max(4, width - 20)), ""),
            )
        )
    return lines if evaluations else [*lines, (("  no candidate ran on it yet", "dim"),)]
