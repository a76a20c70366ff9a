"""The bar at the bottom: filter, command, and the questions that a directive asks, one at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.suggester import SuggestFromList
from textual.widgets import Input, Label

_LONG = 40


class PromptBar(Horizontal):
    """Inline, not a dialog: the screen behind stays readable. Enter answers, esc takes it away."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Leave", id="ask.leave"),
        Binding("tab,shift+tab", "complete", "Complete", key_display="tab", priority=True, id="ask.complete"),
    ]
    about = "Type an answer; enter gives it, esc leaves. tab or → takes the completion that is shown in grey."

    class QuestionOpened(Message):
        """A question stands there, and the keys go to it."""

    def __init__(self) -> None:
        super().__init__(id="ask")
        self._answer: asyncio.Future[str | None] | None = None
        self._change: Callable[[str], None] | None = None
        self.asked = 0
        self.given = False

    def compose(self) -> ComposeResult:
        yield Label("", id="ask-label", markup=False)
        yield Input(id="ask-input", compact=True)

    @property
    def field(self) -> Input:
        return self.query_one(Input)

    @property
    def accepts_keys(self) -> bool:
        """Whether a key that comes now belongs to the question that is asked: it stands there, without an answer."""
        return not self.given and self._answer is not None and not self._answer.done()

    async def ask(
        self,
        label: str,
        *,
        value: str = "",
        hint: str = "",
        choices: tuple[str, ...] = (),
        change: Callable[[str], None] | None = None,
    ) -> str | None:
        """What was answered, None where the person left. change: hears every letter."""
        self._resolve(None)
        self._answer, self._change = asyncio.get_running_loop().create_future(), change
        self.query_one("#ask-label", Label).update(f" {label} ")
        field = self.field
        field.suggester = SuggestFromList(choices, case_sensitive=False) if choices else None
        field.placeholder = hint or "  ".join(choices[:8])
        with field.prevent(Input.Changed):
            field.value = value
        field.cursor_position = len(value)
        self.set_class(len(label) > _LONG, "-long")
        self.add_class("-open")
        self.asked += 1
        self.given = False
        self.screen.set_focus(field)
        self.post_message(self.QuestionOpened())
        return await self._answer

    def close(self) -> None:
        """Nothing more is asked. Between two questions the bar stays: what is hidden loses the keys."""
        self._resolve(None)
        self.remove_class("-open")

    def action_leave(self) -> None:
        self._resolve(None)

    def action_complete(self) -> None:
        field = self.field
        field.action_end()
        field.action_cursor_right()

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        if self._change is not None:
            self._change(event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self._resolve(event.value)

    def on_unmount(self) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.cancel()

    def _resolve(self, answer: str | None) -> None:
        if self._answer is None or self._answer.done():
            return
        self._answer.set_result(answer)
        self.given = False
        self._change = None
