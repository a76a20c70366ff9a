"""A few lines that nobody scrolls: status lines, curve, breadcrumbs, key hints."""

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
        help_text: str = "",
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, title=title, help_text=help_text, selectable=False, empty="", classes=classes)
        self._drawn: Sequence[Line] = ()
        self._draw_lines: Callable[[int, int], Sequence[Line]] | None = None

    def draw(self, draw_lines: Callable[[int, int], Sequence[Line]]) -> None:
        """draw_lines: from width and height to lines."""
        self._draw_lines = draw_lines
        self._redraw()

    def on_resize(self) -> None:
        self._redraw()

    def render_line(self, y: int) -> Strip:
        if y < len(self._drawn):
            return self._strip(self._drawn[y], self.visual_style.rich_style, self.size.width)
        return Strip.blank(self.size.width, self.visual_style.rich_style)

    def _redraw(self) -> None:
        if self._draw_lines is not None and self.size.width and self.size.height:
            lines = self._draw_lines(self.size.width, self.size.height)
            if lines != self._drawn:  # unchanged lines are not sent again: the terminal may be far away
                self._drawn = lines
                self.refresh()
