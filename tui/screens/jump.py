"""Jump mode: every pane gets a letter, and the letter moves the focus there."""

from __future__ import annotations

from collections.abc import Mapping

from textual.app import ComposeResult
from textual.events import Key
from textual.geometry import Offset
from textual.screen import ModalScreen
from textual.widgets import Label

_LETTERS = "asdfghjkl"


class JumpScreen(ModalScreen[str | None]):
    """Returns the id of a pane, None where another key was pressed.

    Args:
        panes: where each pane is on screen; None for a hidden one, whose label stands in a corner.
    """

    def __init__(self, panes: Mapping[str, Offset | None]) -> None:
        super().__init__()
        self._panes = panes
        self._pane_by_letter = dict(zip(_LETTERS, panes, strict=False))

    def compose(self) -> ComposeResult:
        hidden = 0
        for letter, name in self._pane_by_letter.items():
            label = Label(f" {letter} {name} ", classes="jump")
            offset = self._panes[name]
            if offset is None:
                offset, hidden = Offset(2, 3 + hidden), hidden + 1
            label.styles.offset = (offset.x + 2, offset.y)
            yield label

    def on_key(self, event: Key) -> None:
        event.stop()
        self.dismiss(self._pane_by_letter.get(event.key))
