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
    """esc closes it. `lines` draws it for each width."""

    def __init__(self, title: str) -> None:
        super().__init__()
        self._title = title

    def compose(self) -> ComposeResult:
        yield LineList(id="text-modal", title=self._title, selectable=False)

    def on_mount(self) -> None:
        pane = self.query_one(LineList)
        pane.border_subtitle = "esc closes"
        pane.focus()

    def on_line_list_resized(self) -> None:
        pane = self.query_one(LineList)
        pane.show(self.lines(max(20, pane.columns)))

    def lines(self, width: int) -> list[Line]:
        raise NotImplementedError


class ReaderModal(TextModal):
    """Lines that were drawn for no width: a long one is wrapped under its own beginning."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,enter", "dismiss", "Close", id="reader.close")]

    def __init__(self, title: str, lines: Sequence[Line]) -> None:
        super().__init__(title)
        self._unwrapped = lines

    def lines(self, width: int) -> list[Line]:
        wrapped: list[Line] = []
        for line in self._unwrapped:
            if not line:
                wrapped.append(line)
                continue
            *before, (text, tone) = line
            indent = " " * sum(len(word) for word, _ in before)
            first, *rest = wrap(text, width - len(indent)) or [""]
            wrapped += [(*before, (first, tone)), *(((indent, ""), (more, tone)) for more in rest)]
        return wrapped
