"""A text in full, over the page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from .widgets.lines import LineList
from .words import Line, wrap


class ReaderScreen(ModalScreen[None]):
    """esc closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,enter", "dismiss", "Close", id="reader.close")]

    def __init__(self, title: str, lines: Sequence[Line]) -> None:
        super().__init__()
        self._title, self._lines = title, lines

    def compose(self) -> ComposeResult:
        yield LineList(id="reader", title=self._title, picks=False)

    def on_mount(self) -> None:
        lines = self.query_one(LineList)
        lines.border_subtitle = "esc closes"
        lines.focus()
        self.call_after_refresh(self._fill)

    def on_resize(self) -> None:
        self.call_after_refresh(self._fill)

    def _fill(self) -> None:
        lines = self.query_one(LineList)
        width = max(20, lines.columns)
        out: list[Line] = []
        for line in self._lines:
            if not line:
                out.append(line)
                continue
            *before, (text, tone) = line
            indent = " " * sum(len(word) for word, _ in before)
            first, *rest = wrap(text, width - len(indent)) or [""]
            out += [(*before, (first, tone)), *(((indent, ""), (more, tone)) for more in rest)]
        lines.show(out)
