"""The bar at the bottom: filter, command, and the questions that a directive asks, one at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.events import Key
from textual.message import Message
from textual.suggester import SuggestFromList
from textual.widgets import Input, Label

_LONG = 40  # cells: a longer label stands above the input instead of beside it


class PromptBar(Horizontal):
    """Inline, not a dialog: the screen behind stays readable. Enter answers, esc leaves.

    From the key that starts a question to its last answer, what is typed goes to the bar and nowhere else. A bar needs
    a moment until it can take keys; those that come before are queued, and delivered in their order.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Leave", id="ask.leave"),
        Binding("tab,shift+tab", "complete", "Complete", key_display="tab", priority=True, id="ask.complete"),
    ]
    help_text = "Type an answer. enter sends it, esc leaves. tab or → takes the completion shown in grey."

    class QuestionOpened(Message):
        """A question is shown, and takes the keys."""

    class Closed(Message):
        """All questions are answered."""

        def __init__(self, bar: PromptBar) -> None:
            super().__init__()
            self.bar = bar

    def __init__(self) -> None:
        super().__init__(id="ask")
        self._answer: asyncio.Future[str | None] | None = None
        self._on_change: Callable[[str], None] | None = None
        self._keys: list[Key] = []
        self._announced = False
        self.pending = 0
        self.question_count = 0
        self.answer_sent = False

    def compose(self) -> ComposeResult:
        yield Label("", id="ask-label", markup=False)
        yield Input(id="ask-input", compact=True)

    @property
    def field(self) -> Input:
        return self.query_one(Input)

    @property
    def accepts_keys(self) -> bool:
        """Whether a key that comes now belongs to the question on screen: it is shown and has no answer yet."""
        return not self.answer_sent and self._answer is not None and not self._answer.done()

    async def ask(
        self,
        label: str,
        *,
        value: str = "",
        hint: str = "",
        choices: tuple[str, ...] = (),
        change: Callable[[str], None] | None = None,
    ) -> str | None:
        """The answer, None where the person left. change: called with the text after every letter."""
        self._resolve(None)
        self._answer, self._on_change = asyncio.get_running_loop().create_future(), change
        self.query_one("#ask-label", Label).update(f" {label} ")
        field = self.field
        field.suggester = SuggestFromList(choices, case_sensitive=False) if choices else None
        field.placeholder = hint or "  ".join(choices[:8])
        with field.prevent(Input.Changed):
            field.value = value
        field.cursor_position = len(value)
        self.set_class(len(label) > _LONG, "-long")
        self.add_class("-open")
        self.question_count += 1
        self.answer_sent = False
        self.screen.set_focus(field)
        self.post_message(self.QuestionOpened())
        return await self._answer

    def expect_question(self) -> None:
        """A question will be asked. One that a key started is counted already, by `queue_key`."""
        self.pending += not self._announced
        self._announced = False

    def finish_question(self) -> bool:
        """One question is over; whether it was the last one."""
        self.pending -= 1
        return not self.pending

    def queue_key(self, key: Key, *, starts_question: Callable[[], bool]) -> bool:
        """Whether the key is queued, for the question that is on its way.

        starts_question: whether the key is bound to a question. Keys behind it may arrive before the question does.
        """
        if key.key.startswith("ctrl+"):
            return False
        if not self.pending:
            self._announced = starts_question()
            self.pending += self._announced
            return False
        if self._keys or not self.accepts_keys:
            self._keys.append(key)
            return True
        self._take(key)
        return False

    async def flush_keys(self, deliver: Callable[[Key], Awaitable[None]]) -> None:
        """Deliver queued keys to the question on screen, until it has its answer."""
        while self._keys and self.accepts_keys:
            key = self._keys.pop(0)
            self._take(key)
            await deliver(key)

    def release_keys(self) -> list[Key]:
        """Queued keys after the last question: they are for the page, or begin the next question."""
        keys, self._keys = self._keys, []
        return keys

    def close(self) -> None:
        """Nothing more is asked. Between two questions the bar stays: what is hidden loses the focus."""
        self._resolve(None)
        self.remove_class("-open")
        self.post_message(self.Closed(self))

    def action_leave(self) -> None:
        self._resolve(None)

    def action_complete(self) -> None:
        field = self.field
        field.action_end()
        field.action_cursor_right()

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        if self._on_change is not None:
            self._on_change(event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self._resolve(event.value)

    def on_unmount(self) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.cancel()

    def _take(self, key: Key) -> None:
        """The key is for the bar, wherever the focus is; what comes after enter is for the next question."""
        if not self.has_focus_within:
            self.screen.set_focus(self.field)
        self.answer_sent = key.key == "enter"

    def _resolve(self, answer: str | None) -> None:
        if self._answer is None or self._answer.done():
            return
        self._answer.set_result(answer)
        self.answer_sent = False
        self._on_change = None
