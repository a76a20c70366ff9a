"""The rows: which of them candidates fail on, what they said there; annotate them, add boundary cases."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
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

_SORTS = ("hardest", "as in the file", "unreadable")
ExampleRow = tuple[str, Example, ExampleTally | None]


class ExamplesPage(Page):
    panes: ClassVar[tuple[str, ...]] = ("rows", "answers")
    directive_names: ClassVar[tuple[str, ...]] = ("annotate", "add-example", "hint", "rule")
    about: ClassVar[str] = "rows"
    BINDINGS: ClassVar[list[BindingType]] = [
        *Page.directive_bindings(*directive_names),
        Binding("o", "sort", "Sort", id="examples.sort"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._rows: list[ExampleRow] = []
        self._sort = 0

    @property
    def selected_arguments(self) -> Mapping[str, str]:
        return {"example": key} if (key := self.pane("rows").key) else {}

    def body(self) -> Iterable[Widget]:
        yield LineList(
            id="rows",
            title="rows",
            about="All rows of train and val; the sealed ones are not shown. Mean over all candidates that ran on "
            "it, how many those were, and answers that could not be read. a annotates a row, x adds a boundary case.",
            empty="the run has no rows yet",
        )
        yield LineList(
            id="answers",
            title="what candidates said",
            picks=False,
            about="The row in full, what was wanted, and what each candidate said there, the worst first.",
        )

    def draw_panes(self, scene: RunSnapshot) -> None:
        self.read()

    @work(group="rows", exclusive=True)
    async def read(self) -> None:
        if self.scene is not None:
            self._rows = await asyncio.to_thread(load_example_rows, self.ui.store, self.scene.record.id)
            self._draw()

    def on_line_list_highlighted(self) -> None:
        self.answers()

    def on_line_list_selected(self) -> None:
        self.show_pane("answers")

    def action_sort(self) -> None:
        self._sort = (self._sort + 1) % len(_SORTS)
        self._draw()

    @work(group="answers", exclusive=True)
    async def answers(self) -> None:
        pane, here = self.pane("answers"), self.pane("rows").key
        row = next((row for row in self._rows if row[1].id == here), None)
        if row is None or self.scene is None:
            pane.show([])
            return
        said = await asyncio.to_thread(self.ui.store.evaluations_on_example, self.scene.record.id, here, limit=100)
        if self.ready:
            pane.show(example_answer_lines(row[1], said, self.signs, max(20, pane.columns)))

    def _draw(self) -> None:
        if not self.ready:
            return
        how, pane = _SORTS[self._sort], self.pane("rows")
        rows = sort_examples(self._rows, how)
        pane.set_titles(f"rows · {how} · {len(rows)}")
        width = pane.columns
        head: Line = ((fit(f"{'split':<6}{'mean':>5}{'ran':>6}{'unread':>7}  input", width), "head"),)
        pane.show([example_line(row, width) for row in rows], keys=[row[1].id for row in rows], head=head)
        self.update_tabs()
        self.answers()


def load_example_rows(store: Store, run: str) -> list[ExampleRow]:
    tallies = {(one.split, one.example): one for one in store.example_tallies(run)}
    return [
        (split, row, tallies.get((split, row.id))) for split, row in store.examples(run) if split in ("train", "val")
    ]


def sort_examples(rows: list[ExampleRow], how: str) -> list[ExampleRow]:
    def hard(row: ExampleRow) -> float:
        return row[2].total / row[2].n if row[2] and row[2].n else 2.0

    if how == "hardest":
        return sorted(rows, key=hard)
    if how == "unreadable":
        return sorted(rows, key=lambda row: -(row[2].unreadable if row[2] else 0))
    return rows


def example_line(row: ExampleRow, width: int) -> Line:
    split, example, tally = row
    mean = tally.total / tally.n if tally and tally.n else None
    tone: Tone = "dim" if mean is None else "bad" if mean < 0.5 else ""
    return (
        (f"{split:<6}", "dim"),
        (f"{score_text(mean):>5}", tone),
        (f"{tally.n if tally else 0:>6}", ""),
        (f"{tally.unreadable or '' if tally else '':>7}  ", "warn"),
        (fit(one_line(example.text), max(4, width - 26)), ""),
    )


def example_answer_lines(row: Example, said: list[Evaluation], signs: Glyphs, width: int) -> list[Line]:
    lines: list[Line] = [(("input", "head"),), *(((f"  {text}", ""),) for text in wrap(row.text, width - 2))]
    lines += [(), (("wanted", "head"),), ((f"  {one_line(' | '.join(row.outputs)) or '(not labelled)'}", ""),), ()]
    lines.append((("said", "head"),))
    for one in said:
        sign, tone = outcome_mark(one, signs)
        words = one_line(one.output) or "(nothing)"
        lines.append(
            (
                (f"  {sign} ", tone),
                (f"{short_id(one.candidate)} ", "dim"),
                (f"{one.score:.2f} ", "strong"),
                (fit(words, max(4, width - 20)), ""),
            )
        )
    return lines if said else [*lines, (("  nobody ran on it yet", "dim"),)]
