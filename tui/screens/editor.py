"""Writing a prompt: an editor in the app, or the person's own."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Label, TextArea

from ...core.errors import UsageError
from ..own_editor import edit_in_own_editor


class EditorScreen(ModalScreen[str | None]):
    """Returns the text on ctrl+s, None on esc. A changed text that was left is a draft: the editor opens with it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "keep", "Save", priority=True, id="editor.keep"),
        Binding("ctrl+e", "outside", "$EDITOR", priority=True, id="editor.outside"),
        Binding("ctrl+r", "restore", "Original", priority=True, id="editor.restore"),
        Binding("escape", "leave", "Leave", priority=True, id="editor.leave"),
    ]

    def __init__(self, title: str, text: str, drafts: MutableMapping[str, str]) -> None:
        """drafts: title → text that was left unsaved."""
        super().__init__()
        self._title, self._text, self._drafts = title, text, drafts

    def compose(self) -> ComposeResult:
        draft = self._drafts.get(self._title)
        with Vertical(id="editor") as box:
            box.border_title = self._title if draft is None else f"{self._title} (your draft)"
            text = self._text if draft is None else draft
            yield TextArea(text, id="editor-text", soft_wrap=True, show_line_numbers=False)
            leaving = "esc keeps a draft" if draft is None else "ctrl+r original"
            yield Label(f"ctrl+s saves   ctrl+e $EDITOR   {leaving}", id="editor-keys")

    def on_mount(self) -> None:
        field = self.query_one(TextArea)
        field.move_cursor(field.document.end)

    def action_keep(self) -> None:
        self._drafts.pop(self._title, None)
        self.dismiss(self.query_one(TextArea).text)

    def action_leave(self) -> None:
        text = self.query_one(TextArea).text
        self._drafts.pop(self._title, None)
        if text.strip() != self._text.strip():
            self._drafts[self._title] = text
            self.notify("your text is kept as a draft; open the editor again to go on")
        self.dismiss(None)

    def action_restore(self) -> None:
        self.query_one(TextArea).text = self._text

    def action_outside(self) -> None:
        """What the person's own editor leaves is the text."""
        field = self.query_one(TextArea)
        try:
            field.text = edit_in_own_editor(field.text, self.app.suspend)
        except UsageError as error:
            self.notify(str(error), title="$EDITOR", severity="warning", timeout=12)
