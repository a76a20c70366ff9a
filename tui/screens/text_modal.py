"""A text in full, over the page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from ..format.text import Line, wrap
from ..widgets.line_list import LineList


class TextModal(ModalScreen[None]):
    """esc closes it. `lines` draws it anew for each width."""

    def __init__(self, title: str) -> None:
        super().__init__()
        self._title = title

    def compose(self) -> ComposeResult:
        yield LineList(id="sheet", title=self._title, picks=False)

    def on_mount(self) -> None:
        lines = self.query_one(LineList)
        lines.border_subtitle = "esc closes"
        lines.focus()

    def on_line_list_resized(self) -> None:
        lines = self.query_one(LineList)
        lines.show(self.lines(max(20, lines.columns)))

    def lines(self, width: int) -> list[Line]:
        raise NotImplementedError


class ReaderModal(TextModal):
    """Lines that were drawn for no width: what is too long goes on below, under its own beginning."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,enter", "dismiss", "Close", id="reader.close")]

    def __init__(self, title: str, lines: Sequence[Line]) -> None:
        super().__init__(title)
        self._lines = lines

    def lines(self, width: int) -> list[Line]:
        out: list[Line] = []
        for line in self._lines:
            if not line:
                out.append(line)
                continue
            *before, (text, tone) = line
            indent = " " * sum(len(word) for word, _ in before)
            first, *rest = wrap(text, width - len(indent)) or [""]
            out += [(*before, (first, tone)), *(((indent, ""), (more, tone)) for more in rest)]
        return out
