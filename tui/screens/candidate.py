"""One candidate: its prompt, what changed, its result on each example, and how it came about."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import ClassVar

from textual import work
from textual.binding import Binding, BindingType
from textual.widget import Widget

from ...runtime.monitor.snapshot import RunSnapshot
from ..lines.candidate_details import (
    CandidateDetails,
    load_candidate_details,
    origin_lines,
    outcome_detail,
    outcome_table,
    prompt_lines,
)
from ..lines.lineage import short_id
from ..widgets.line_list import LineList
from .base import Page
from .text_modal import ReaderModal

_FILTERS = ("all", "wrong", "unreadable", "right")


class CandidatePage(Page):
    panes: ClassVar[tuple[str, ...]] = ("prompt", "outcomes", "diff", "origin")
    directive_names: ClassVar[tuple[str, ...]] = ("pin", "veto", "edit", "fork", "annotate", "hint", "rule", "prefer")
    page_name: ClassVar[str] = "candidate"
    route: ClassVar[str] = "candidate"
    BINDINGS: ClassVar[list[BindingType]] = [
        *Page.directive_bindings(*directive_names),
        Binding("o", "show", "Examples", id="candidate.rows"),
        Binding("t", "against", "Diff back", id="candidate.against"),
        Binding("c", "compare", "Compare", id="candidate.compare"),
    ]

    def __init__(self, candidate: str) -> None:
        super().__init__()
        self.candidate = candidate
        self._details: CandidateDetails | None = None
        self._ancestor = 0
        self._filter = 0

    @property
    def crumb(self) -> str:
        return short_id(self.candidate)

    @property
    def route_words(self) -> tuple[str, ...]:
        return (self.candidate,)

    @property
    def selected_arguments(self) -> Mapping[str, str]:
        example = self.pane("outcomes").key
        return {"candidate": self.candidate, "a": self.candidate, **({"example": example} if example else {})}

    def body(self) -> Iterable[Widget]:
        yield LineList(
            id="prompt",
            title="prompt",
            selectable=False,
            help_text="The messages as the target model gets them, around one example. C copies them.",
        )
        yield LineList(
            id="outcomes",
            title="examples",
            help_text="Its result on each example, failures first. Unreadable answers have a sign of their own. "
            "o switches between all, wrong, unreadable, right; enter shows an example in full; a annotates it.",
            empty="no example was measured",
        )
        yield LineList(
            id="diff",
            title="diff",
            selectable=False,
            help_text="What was removed (-) and added (+) since an ancestor. t goes one ancestor further back.",
        )
        yield LineList(
            id="origin",
            title="origin",
            selectable=False,
            help_text="Its operator, parents, rationale and cost, and the dialogue that proposed it.",
        )

    def draw_panes(self, snapshot: RunSnapshot) -> None:
        self.load()

    @work(group="details", exclusive=True)
    async def load(self) -> None:
        snapshot = self.snapshot
        if snapshot is not None:
            self._details = await asyncio.to_thread(load_candidate_details, self.ui.store, snapshot, self.candidate)
            self._draw()

    def on_line_list_selected(self, event: LineList.Selected) -> None:
        if self._details is not None:
            lines = outcome_detail(self._details, event.key)
            self.app.push_screen(ReaderModal(f"example {event.key}", lines))

    def action_show(self) -> None:
        self._filter = (self._filter + 1) % len(_FILTERS)
        self._draw()

    def action_against(self) -> None:
        if self._details is not None and self._details.ancestors:
            self._ancestor = (self._ancestor + 1) % len(self._details.ancestors)
            self._draw()

    def action_compare(self) -> None:
        self.action_navigate("compare", self.ui.marked or "start", self.candidate)

    def _draw(self) -> None:
        details, snapshot = self._details, self.snapshot
        if details is None or snapshot is None or not self.ready:
            return
        prompt, outcomes, diff, origin = (self.pane(name) for name in self.panes)
        prompt.show(prompt_lines(details, max(20, prompt.columns)))
        evaluations = details.filter_evaluations(_FILTERS[self._filter])
        outcomes.set_titles(f"examples · {_FILTERS[self._filter]} · {len(evaluations)} of {len(details.evaluations)}")
        head, lines = outcome_table(details, evaluations, self.glyphs, outcomes.columns)
        outcomes.show(lines, keys=[row.example for row in evaluations], head=head)
        ancestor = details.ancestors[self._ancestor % len(details.ancestors)] if details.ancestors else None
        diff.set_titles(f"diff to {short_id(ancestor.id)}" if ancestor else "diff")
        diff.show(details.diff_from(ancestor, max(20, diff.columns)))
        origin.show(origin_lines(details, snapshot, self.glyphs, max(20, origin.columns)))
        self.update_tabs()
