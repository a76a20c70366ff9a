"""A few lines that nobody scrolls: gauges, plan, plot, header."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.strip import Strip

from ..format.text import Line
from .line_list import LineList


class TextPane(LineList, can_focus=False):
    """Drawn by a function of its size, so that it is right at any width and costs nothing while it is hidden."""

    def __init__(
        self,
        *,
        id: str,
        title: str = "",
        about: str = "",
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, title=title, about=about, picks=False, empty="", classes=classes)
        self._told: Sequence[Line] = ()
        self._draw: Callable[[int, int], Sequence[Line]] | None = None

    def draw(self, how: Callable[[int, int], Sequence[Line]]) -> None:
        """how: from width and height to lines."""
        self._draw = how
        self._redraw()

    def on_resize(self) -> None:
        self._redraw()

    def render_line(self, y: int) -> Strip:
        if y < len(self._told):
            return self._strip(self._told[y], self.visual_style.rich_style, self.size.width)
        return Strip.blank(self.size.width, self.visual_style.rich_style)

    def _redraw(self) -> None:
        if self._draw is not None and self.size.width and self.size.height:
            lines = self._draw(self.size.width, self.size.height)
            if lines != self._told:  # what stands still is not sent again: a terminal may be far away
                self._told = lines
                self.refresh()
