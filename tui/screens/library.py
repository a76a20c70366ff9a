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

_LABEL_WIDTH = len("expected calls")


class LibraryPage(Page):
    panes: ClassVar[tuple[str, ...]] = ("library", "entry")
    page_name: ClassVar[str] = "recipes and plugins"
    route: ClassVar[str] = "library"

    def __init__(self) -> None:
        super().__init__()
        self._entries: list[Mapping[str, Any]] = []

    def body(self) -> Iterable[Widget]:
        yield LineList(
            id="library",
            title="recipes and plugins",
            help_text="Recipes, and the plugins they are made of. / filters.",
            empty="nothing is listed; maieutic recipes and maieutic plugins list them too",
        )
        yield LineList(id="entry", title="details", selectable=False, help_text="The selected entry, in full.")

    def on_mount(self) -> None:
        self.load()

    @work(group="library", exclusive=True)
    async def load(self) -> None:
        """In a thread, since it imports plugins."""
        listing = await asyncio.to_thread(self.ui.listing)
        recipes = ({"kind": "recipe", **recipe} for recipe in listing.get("recipes", ()))
        self._entries = [*recipes, *listing.get("plugins", ())]
        self.redraw()

    def show_snapshot(self, snapshot: RunSnapshot) -> None:
        self.query_one(Breadcrumbs).show_path(self.ui.breadcrumbs, snapshot, self.glyphs)

    def redraw(self) -> None:
        if not self.ready:
            return
        self.query_one(Breadcrumbs).show_path(self.ui.breadcrumbs, self.snapshot, self.glyphs)
        entries, pane = self._entries, self.pane("library")
        width = pane.columns
        pane.show([_entry_line(entry, width) for entry in entries], keys=[_entry_key(entry) for entry in entries])
        self._draw_entry()

    def on_line_list_highlighted(self) -> None:
        self._draw_entry()

    def on_line_list_selected(self) -> None:
        self.show_pane("entry")

    def _draw_entry(self) -> None:
        key, pane = self.pane("library").key, self.pane("entry")
        entry = next((entry for entry in self._entries if _entry_key(entry) == key), None)
        pane.show(_entry_details(entry, max(20, pane.columns)) if entry is not None else [])


def _entry_key(entry: Mapping[str, Any]) -> str:
    return f"{entry.get('kind', '')} {entry.get('name', '')}"


def _entry_line(entry: Mapping[str, Any], width: int) -> Line:
    summary = one_line(str(entry.get("summary") or entry.get("distribution") or ""))
    return (
        (fit(str(entry.get("kind", "")), 11), "dim"),
        (f"{fit(str(entry.get('name', '')), 19)} ", "strong"),
        (fit(summary, max(4, width - 32)), ""),
    )


def _entry_details(entry: Mapping[str, Any], width: int) -> list[Line]:
    lines: list[Line] = [((str(entry.get("name", "")), "strong"), (f"  {entry.get('kind', '')}", "accent")), ()]
    for name, value in entry.items():
        if name in ("name", "kind") or value in ("", None, [], ()):
            continue
        text = ", ".join(map(str, value)) if isinstance(value, list | tuple | set) else one_line(str(value))
        first, *rest = wrap(text, width - _LABEL_WIDTH - 2) or [""]
        lines += labelled_lines([(name.replace("_", " "), first), *(("", more) for more in rest)], _LABEL_WIDTH)
    return lines
