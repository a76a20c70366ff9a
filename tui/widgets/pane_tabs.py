"""The strip that names the panes where only one fits: by number, and by a click."""

from __future__ import annotations

from collections.abc import Sequence

from textual.events import Click
from textual.message import Message

from ..format.text import Line, Span, cell_count, fit
from .text_pane import TextPane


class PaneTabs(TextPane):
    """The active pane is in brackets; long titles are shortened where the strip is narrow."""

    class PaneSelected(Message):
        """The pane at an index was clicked, counted from 0."""

        def __init__(self, index: int) -> None:
            super().__init__()
            self.index = index

    def __init__(self) -> None:
        super().__init__(id="tabs", help_text="The panes of this screen; a number or a click shows one.")
        self._titles: Sequence[str] = ()
        self._active = 0

    def set_tabs(self, titles: Sequence[str], active: int) -> None:
        """active: the index of the pane that is shown."""
        self._titles, self._active = titles, active
        self.draw(lambda width, _: [tabs_line(titles, active, width)])

    @property
    def line(self) -> Line:
        return tabs_line(self._titles, self._active, self.size.width)

    def on_click(self, event: Click) -> None:
        event.stop()
        end = 0
        for index, (text, _) in enumerate(self.line):
            end += cell_count([(text, "")])
            if event.x < end:
                self.post_message(self.PaneSelected(index))
                return


def tabs_line(titles: Sequence[str], active: int, width: int) -> Line:
    """One span a pane. Titles that do not fit keep their first part, then its beginning: no pane falls off the edge."""
    short = [title.split(" · ")[0].split(" - ")[0] for title in titles]
    line: Line = ()
    for texts in (titles, short, *([_shorten(title, most) for title in short] for most in range(20, 2, -1))):
        line = tuple(_tab_span(index, title, active) for index, title in enumerate(texts))
        if cell_count(line) <= width:
            break
    return line


def _tab_span(index: int, title: str, active: int) -> Span:
    name = f"{index + 1} {title}"
    return (f"[{name}]", "accent") if index == active else (f" {name} ", "dim")


def _shorten(title: str, most: int) -> str:
    return title if len(title) <= most else fit(title, most).rstrip()
