"""The strip that names the panes where only one has room: by number, and by a click."""

from __future__ import annotations

from collections.abc import Sequence

from textual.events import Click
from textual.message import Message

from ..format.text import Line, Span, cell_count, fit
from .text_pane import TextPane


class PaneTabs(TextPane):
    """The shown pane stands in brackets; long titles give way where the strip is narrow."""

    class Selected(Message):
        """The pane at a place was clicked, counted from 0."""

        def __init__(self, place: int) -> None:
            super().__init__()
            self.place = place

    def __init__(self) -> None:
        super().__init__(id="tabs", about="The panes of this screen; a number or a click shows one.")
        self._titles: Sequence[str] = ()
        self._here = 0

    def set_tabs(self, titles: Sequence[str], here: int) -> None:
        """here: the place of the one that is shown."""
        self._titles, self._here = titles, here
        self.draw(lambda width, _: [tabs_line(titles, here, width)])

    @property
    def line(self) -> Line:
        return tabs_line(self._titles, self._here, self.size.width)

    def on_click(self, event: Click) -> None:
        event.stop()
        end = 0
        for place, (text, _) in enumerate(self.line):
            end += cell_count([(text, "")])
            if event.x < end:
                self.post_message(self.Selected(place))
                return


def tabs_line(titles: Sequence[str], here: int, width: int) -> Line:
    """One span a pane. Where there is no room for all that titles say, they keep their first part, then its
    beginning: no pane falls off the edge. here: the place of the one that is shown."""
    short = [title.split(" · ")[0].split(" - ")[0] for title in titles]
    line: Line = ()
    for some in (titles, short, *([_shorten(title, most) for title in short] for most in range(20, 2, -1))):
        line = tuple(_tab_span(place, title, here) for place, title in enumerate(some))
        if cell_count(line) <= width:
            break
    return line


def _tab_span(place: int, title: str, here: int) -> Span:
    name = f"{place + 1} {title}"
    return (f"[{name}]", "accent") if place == here else (f" {name} ", "dim")


def _shorten(title: str, most: int) -> str:
    return title if len(title) <= most else fit(title, most).rstrip()
