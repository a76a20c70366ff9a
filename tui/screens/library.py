"""Recipes and plugins, from the listing that the command line brought."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from textual import work
from textual.widget import Widget

from ...runtime.monitor.snapshot import RunSnapshot
from ..format.text import Line, fit, labelled_lines, one_line, wrap
from ..widgets.breadcrumbs import Breadcrumbs
from ..widgets.line_list import LineList
from .base import Page

_NAME = len("expected calls")


class LibraryPage(Page):
    panes: ClassVar[tuple[str, ...]] = ("library", "entry")
    about: ClassVar[str] = "recipes and plugins"

    def body(self) -> Iterable[Widget]:
        yield LineList(
            id="library",
            title="recipes and plugins",
            about="Published methods as recipes, and the plugins they are made of. / filters.",
            empty="nothing was listed; maieutic recipes and maieutic plugins list them too",
        )
        yield LineList(id="entry", title="what it is", picks=False, about="The entry under the cursor, in full.")

    def __init__(self) -> None:
        super().__init__()
        self._entries: list[Mapping[str, Any]] = []

    def on_mount(self) -> None:
        self.read()

    @work(group="library", exclusive=True)
    async def read(self) -> None:
        """In a thread: plugins are imported for it."""
        told = await asyncio.to_thread(self.ui.listing)
        self._entries = [*({"kind": "recipe", **one} for one in told.get("recipes", ())), *told.get("plugins", ())]
        self.redraw()

    def show_snapshot(self, scene: RunSnapshot) -> None:
        self.query_one(Breadcrumbs).show_path(self.ui.path, scene, self.signs)

    def redraw(self) -> None:
        if not self.ready:
            return
        self.query_one(Breadcrumbs).show_path(self.ui.path, self.scene, self.signs)
        entries, pane = self._entries, self.pane("library")
        width = pane.columns
        pane.show([_entry_line(one, width) for one in entries], keys=[_entry_key(one) for one in entries])
        self._detail()

    def on_line_list_highlighted(self) -> None:
        self._detail()

    def on_line_list_selected(self) -> None:
        self.show_pane("entry")

    def _detail(self) -> None:
        key, pane = self.pane("library").key, self.pane("entry")
        one = next((entry for entry in self._entries if _entry_key(entry) == key), None)
        if one is None:
            pane.show([])
            return
        width = max(20, pane.columns)
        lines: list[Line] = [((str(one.get("name", "")), "strong"), (f"  {one.get('kind', '')}", "accent")), ()]
        for name, value in one.items():
            if name in ("name", "kind") or value in ("", None, [], ()):
                continue
            text = ", ".join(map(str, value)) if isinstance(value, list | tuple | set) else one_line(str(value))
            first, *rest = wrap(text, width - _NAME - 2) or [""]
            lines += labelled_lines([(name.replace("_", " "), first), *(("", more) for more in rest)], _NAME)
        pane.show(lines)


def _entry_key(one: Mapping[str, Any]) -> str:
    return f"{one.get('kind', '')} {one.get('name', '')}"


def _entry_line(one: Mapping[str, Any], width: int) -> Line:
    said = one_line(str(one.get("summary") or one.get("distribution") or ""))
    return (
        (fit(str(one.get("kind", "")), 11), "dim"),
        (f"{fit(str(one.get('name', '')), 19)} ", "strong"),
        (fit(said, max(4, width - 32)), ""),
    )
