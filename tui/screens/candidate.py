"""One candidate: its prompt as it is said, what changed, how it did row by row, who made it and why."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.binding import Binding, BindingType
from textual.widget import Widget

from ...core.errors import UsageError
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
from ..routes import open_compare
from ..widgets.line_list import LineList
from .base import Page
from .text_modal import ReaderModal

if TYPE_CHECKING:
    from ..app import MaieuticApp

_SHOWS = ("all", "wrong", "unreadable", "right")


class CandidatePage(Page):
    panes: ClassVar[tuple[str, ...]] = ("prompt", "outcomes", "diff", "origin")
    directive_names: ClassVar[tuple[str, ...]] = ("pin", "veto", "edit", "fork", "annotate", "hint", "rule", "prefer")
    about: ClassVar[str] = "candidate"
    BINDINGS: ClassVar[list[BindingType]] = [
        *Page.directive_bindings(*directive_names),
        Binding("o", "show", "Rows", id="candidate.rows"),
        Binding("t", "against", "Diff back", id="candidate.against"),
        Binding("c", "compare", "Compare", id="candidate.compare"),
    ]

    def __init__(self, candidate: str) -> None:
        super().__init__()
        self.candidate = candidate
        self._dossier: CandidateDetails | None = None
        self._against = 0
        self._show = 0

    @property
    def crumb(self) -> str:
        return short_id(self.candidate)

    @property
    def selected_arguments(self) -> Mapping[str, str]:
        row = self.pane("outcomes").key
        return {"candidate": self.candidate, "a": self.candidate, **({"example": row} if row else {})}

    def body(self) -> Iterable[Widget]:
        yield LineList(
            id="prompt",
            title="prompt",
            picks=False,
            about="The messages as the target gets them, around one row of val. C copies them.",
        )
        yield LineList(
            id="outcomes",
            title="rows",
            about="How it did on each row, failures first. Answers that could not be read are marked apart from wrong "
            "ones. o goes through all, wrong, unreadable, right; enter shows a row in full; a annotates it.",
            empty="no row was measured",
        )
        yield LineList(
            id="diff",
            title="diff",
            picks=False,
            about="What was taken away (-) and what was added (+) since an ancestor. t goes one ancestor further back.",
        )
        yield LineList(id="origin", title="origin", picks=False, about="Who made it, from whom, why, at what cost.")

    def reopen(self, ui: MaieuticApp) -> None:
        ui.push_screen(CandidatePage(self.candidate))

    def draw_panes(self, scene: RunSnapshot) -> None:
        self.read()

    @work(group="dossier", exclusive=True)
    async def read(self) -> None:
        scene = self.scene
        if scene is not None:
            self._dossier = await asyncio.to_thread(load_candidate_details, self.ui.store, scene, self.candidate)
            self._draw()

    def on_line_list_selected(self, event: LineList.Selected) -> None:
        if self._dossier is not None:
            lines = outcome_detail(self._dossier, event.key)
            self.app.push_screen(ReaderModal(f"row {event.key}", lines))

    def action_show(self) -> None:
        self._show = (self._show + 1) % len(_SHOWS)
        self._draw()

    def action_against(self) -> None:
        if self._dossier is not None and self._dossier.ancestors:
            self._against = (self._against + 1) % len(self._dossier.ancestors)
            self._draw()

    def action_compare(self) -> None:
        try:
            open_compare(self.ui, [self.ui.marked or "start", self.candidate])
        except UsageError as error:
            self.notify(error.what, severity="warning")

    def _draw(self) -> None:
        told, scene = self._dossier, self.scene
        if told is None or scene is None or not self.ready:
            return
        prompt, rows, diff, origin = (self.pane(name) for name in self.panes)
        prompt.show(prompt_lines(told, max(20, prompt.columns)))
        chosen = told.filter_evaluations(_SHOWS[self._show])
        rows.set_titles(f"rows · {_SHOWS[self._show]} · {len(chosen)} of {len(told.evaluations)}")
        head, lines = outcome_table(told, chosen, self.signs, rows.columns)
        rows.show(lines, keys=[one.example for one in chosen], head=head)
        against = told.ancestors[self._against % len(told.ancestors)] if told.ancestors else None
        diff.set_titles(f"diff to {short_id(against.id)}" if against else "diff")
        diff.show(told.diff_from(against, max(20, diff.columns)))
        origin.show(origin_lines(told, scene, self.signs, max(20, origin.columns)))
        self.update_tabs()
