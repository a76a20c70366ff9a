"""A screen with a prompt bar: commands, and the questions that a directive asks."""

from __future__ import annotations

import shlex
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import cast

from textual import work
from textual.binding import Binding, BindingType
from textual.events import DescendantFocus, Key
from textual.message import Message
from textual.screen import Screen
from textual.widget import Widget

from ...runtime.monitor.snapshot import RunSnapshot
from ...runtime.steering.catalog import DIRECTIVE_SPECS, DIRECTIVES_BY_NAME
from ..context import AppContext
from ..format.text import Glyphs
from ..widgets.prompt_bar import PromptBar

_QUESTION_ACTIONS = ("steer(", "filter", "command")


class Navigate(Message):
    """Open a screen, or change how the application looks; `words` as they are typed after the command."""

    def __init__(self, name: str, words: Sequence[str] = ()) -> None:
        super().__init__()
        self.name, self.words = name, words


class Steer(Message):
    """Give a directive from this screen; `words` answer its first questions."""

    def __init__(self, screen: PromptScreen, name: str, words: Sequence[str] = ()) -> None:
        super().__init__()
        self.screen, self.name, self.words = screen, name, words


class PromptScreen(Screen[None]):
    """Questions are asked in the bar, one after the other; the application asks those of directives."""

    def __init__(self) -> None:
        super().__init__()
        self._focus_before: Widget | None = None

    @classmethod
    def directive_bindings(cls, *names: str) -> list[BindingType]:
        """One binding for each directive, with its own id, so that a person can remap it."""
        return [
            Binding(spec.key, f"steer('{spec.name}')", spec.title, show=False, id=f"steer.{spec.name}")
            for spec in DIRECTIVE_SPECS
            if spec.name in names
        ]

    @property
    def ready(self) -> bool:
        """Whether the widgets are there: not before they are composed, and not while the screen is taken down."""
        raise NotImplementedError

    @property
    def ui(self) -> AppContext:
        return cast("AppContext", self.app)

    @property
    def snapshot(self) -> RunSnapshot | None:
        return self.ui.snapshot

    @property
    def glyphs(self) -> Glyphs:
        return self.ui.glyphs

    @property
    def bar(self) -> PromptBar:
        return self.query_one(PromptBar)

    @property
    def selected_arguments(self) -> Mapping[str, str]:
        """What the cursor stands on, by the name of the argument it answers: candidate, a, b, example."""
        return {}

    def queue_key(self, key: Key) -> bool:
        """Whether the key is kept for a question that is on its way."""

        def starts_question() -> bool:
            active = self.active_bindings.get(key.key)
            return active is not None and active.binding.action.startswith(_QUESTION_ACTIONS)

        return self.bar.queue_key(key, starts_question=starts_question)

    def open_bar(self) -> PromptBar:
        """The bar, after remembering what has the focus now."""
        if not self.bar.has_focus_within:
            self._focus_before = self.focused
        return self.bar

    def request_directive(self, name: str, words: Sequence[str] = ()) -> None:
        """Have the application ask for what the directive needs, in this bar."""
        self.bar.expect_question()
        self.post_message(Steer(self, name, words))

    def submit_command(self, text: str) -> None:
        """Carry out a typed command: a directive, a screen or a look."""
        name, *words = command_words(text)
        if name in DIRECTIVES_BY_NAME:
            self.request_directive(name, words)
        else:
            self.action_navigate(name, *words)

    @work(group="ask", exclusive=True)
    async def run_question(self, question: Callable[[], Awaitable[None]]) -> None:
        """Ask something that was announced by `expect_question`."""
        try:
            await question()
        finally:
            self._finish_question()

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        """A click elsewhere leaves the question. An event about a focus that is gone already counts for nothing."""
        if self.bar.has_class("-open") and event.widget is self.focused and not self.bar.has_focus_within:
            self.bar.action_leave()

    def action_navigate(self, name: str, *words: str) -> None:
        self.post_message(Navigate(name, words))

    def action_command(self) -> None:
        self.bar.expect_question()
        self.run_question(self._ask_command)

    def action_steer(self, name: str) -> None:
        self.request_directive(name)

    async def _ask_command(self) -> None:
        names = tuple(sorted([*self.ui.commands, *DIRECTIVES_BY_NAME]))
        answer = await self.open_bar().ask(":", choices=names, hint="a command, such as runs, theme light, pause")
        if answer and answer.strip():
            self.submit_command(answer.strip())

    def _finish_question(self) -> None:
        """After the last question that was announced, what had the focus before has it again."""
        if not self.ready or not self.bar.finish_question():
            return
        bar_had_focus = self.bar.has_focus_within
        self.bar.close()
        if bar_had_focus and self._focus_before is not None and self._focus_before.is_attached:
            # Now, not when the queue is empty: the next question may be here by then.
            self.set_focus(self._focus_before)


def command_words(text: str) -> list[str]:
    """The words of a typed command: quotes hold some together, as in a shell; an apostrophe is an apostrophe."""
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()
