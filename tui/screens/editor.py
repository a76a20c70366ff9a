"""Writing a prompt: an editor in the app, or the person's own."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult, SuspendNotSupported
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Label, TextArea


class EditorScreen(ModalScreen[str | None]):
    """Returns the text on ctrl+s, None on esc."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "keep", "Save", priority=True, id="editor.keep"),
        Binding("ctrl+e", "outside", "$EDITOR", priority=True, id="editor.outside"),
        Binding("escape", "leave", "Cancel", priority=True, id="editor.leave"),
    ]

    def __init__(self, title: str, text: str) -> None:
        super().__init__()
        self._title, self._text = title, text

    def compose(self) -> ComposeResult:
        with Vertical(id="editor") as box:
            box.border_title = self._title
            yield TextArea(self._text, id="editor-text", soft_wrap=True, show_line_numbers=False)
            yield Label("ctrl+s saves   ctrl+e opens $EDITOR   esc cancels", id="editor-keys")

    def on_mount(self) -> None:
        field = self.query_one(TextArea)
        field.move_cursor(field.document.end)

    def action_keep(self) -> None:
        self.dismiss(self.query_one(TextArea).text)

    def action_leave(self) -> None:
        self.dismiss(None)

    def action_outside(self) -> None:
        """The person's own editor on a file of its own; what it leaves is the text."""
        field = self.query_one(TextArea)
        words = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi")
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "prompt.txt"
            file.write_text(field.text, encoding="utf-8")
            try:
                with self.app.suspend():
                    subprocess.run([*words, str(file)], check=True)
            except (SuspendNotSupported, OSError, subprocess.CalledProcessError) as error:
                self.notify(f"the editor failed: {error}", severity="warning")
                return
            field.text = file.read_text(encoding="utf-8")
