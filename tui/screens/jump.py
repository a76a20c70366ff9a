"""Jump mode: every pane gets a letter; the letter takes the keys there."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.events import Key
from textual.geometry import Offset
from textual.screen import ModalScreen
from textual.widgets import Label

from .base import Page

_LETTERS = "asdfghjkl"


class JumpScreen(ModalScreen[str | None]):
    """Answers with the pane's id, None where another key was pressed."""

    def __init__(self, page: Page) -> None:
        super().__init__()
        self._places = dict(zip(_LETTERS, page.panes, strict=False))
        self._spots = {name: page.query_one(f"#{name}").region.offset for name in page.panes if page.pane_visible(name)}

    def compose(self) -> ComposeResult:
        hidden = 0
        for letter, name in self._places.items():
            label = Label(f" {letter} {name} ", classes="jump")
            at = self._spots.get(name)
            if at is None:
                at, hidden = Offset(2, 3 + hidden), hidden + 1
            label.styles.offset = (at.x + 2, at.y)
            yield label

    def on_key(self, event: Key) -> None:
        event.stop()
        self.dismiss(self._places.get(event.key))
