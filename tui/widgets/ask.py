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


class AskBar(Horizontal):
    """Inline, not a dialog: the screen behind stays readable. Enter answers, esc takes it away."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "Leave", id="ask.leave")]
    about = "Type an answer; enter gives it, esc leaves. → takes the completion that is shown in grey."

    class Closed(Message):
        """The bar went away; whoever had the keys before gets them back."""

    def __init__(self) -> None:
        super().__init__(id="ask")
        self._answer: asyncio.Future[str | None] | None = None
        self._change: Callable[[str], None] | None = None
        self.asked = 0

    def compose(self) -> ComposeResult:
        yield Label("", id="ask-label", markup=False)
        yield Input(id="ask-input", compact=True)

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
        self._settle(None)
        self._answer, self._change = asyncio.get_running_loop().create_future(), change
        self.query_one("#ask-label", Label).update(f" {label} ")
        field = self.query_one(Input)
        field.suggester = SuggestFromList(choices, case_sensitive=False) if choices else None
        field.placeholder = hint or "  ".join(choices[:8])
        with field.prevent(Input.Changed):
            field.value = value
        field.cursor_position = len(value)
        self.set_class(len(label) > _LONG, "-long")
        self.add_class("-open")
        self.asked += 1
        field.focus()
        return await self._answer

    def action_leave(self) -> None:
        self._settle(None)

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        if self._change is not None:
            self._change(event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self._settle(event.value)

    def on_unmount(self) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.cancel()

    def _settle(self, answer: str | None) -> None:
        if self._answer is None or self._answer.done():
            return
        self._answer.set_result(answer)
        self._change = None
        self.remove_class("-open")
        self.post_message(self.Closed())
