"""A screen that asks: filter, commands and directives through the bar, and no key lost or misled meanwhile."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, cast

from textual import work
from textual.binding import Binding, BindingType
from textual.events import DescendantFocus, Key
from textual.screen import Screen
from textual.widget import Widget

from ...runtime.steering.catalog import DIRECTIVE_SPECS
from ..commands import COMMANDS, run_command
from ..widgets.prompt_bar import PromptBar

if TYPE_CHECKING:
    from .base import Page

_QUESTION_ACTIONS = ("steer(", "filter", "command")


class PromptScreen(Screen[None]):
    """From the key that begins a question to its last answer, what is typed goes to the bar and nowhere else.

    A bar needs a moment until it can take keys; those that come before are held, and given to it in their order.
    """

    def __init__(self) -> None:
        super().__init__()
        self._before: Widget | None = None
        self._asking = 0
        self._begun = False
        self._held: list[Key] = []

    @property
    def bar(self) -> PromptBar:
        return self.query_one(PromptBar)

    @property
    def _page(self) -> Page:
        return cast("Page", self)

    def queue_key(self, key: Key) -> bool:
        """Whether the key is kept for the question that is on its way. A key that begins one is known by its binding:
        what follows it may be here before the question is."""
        if key.key.startswith("ctrl+"):
            return False
        if not self._asking:
            active = self.active_bindings.get(key.key)
            self._begun = active is not None and active.binding.action.startswith(_QUESTION_ACTIONS)
            self._asking += self._begun
            return False
        if self._held or not self.bar.accepts_keys:
            self._held.append(key)
            return True
        self._focus_field(key)
        return False

    async def flush_keys(self, take: Callable[[Key], Awaitable[None]]) -> None:
        """Hand on what was held, as far as it can be taken now."""
        while self._held and (self.bar.accepts_keys or not self._asking):
            key = self._held.pop(0)
            if self._asking:
                self._focus_field(key)
            await take(key)

    def _focus_field(self, key: Key) -> None:
        """The key is for the bar, whoever has the focus; what comes after enter is for the next question."""
        if not self.bar.has_focus_within:
            self.set_focus(self.bar.field)
        self.bar.given = key.key == "enter"

    def open_bar(self) -> PromptBar:
        """The bar, after remembering who has the keys now."""
        if not self.bar.has_focus_within:
            self._before = self.focused
        return self.bar

    async def on_prompt_bar_question_opened(self) -> None:
        await self._page.ui.flush_held_keys()

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        """Whoever clicks elsewhere has left the question; word of a focus that came before it counts for nothing."""
        if self.bar.has_class("-open") and event.widget is self.focused and not self.bar.has_focus_within:
            self.bar.action_leave()

    def action_filter(self) -> None:
        self._start_question(self._ask_filter)

    def action_command(self) -> None:
        self._start_question(self._ask_command)

    def action_steer(self, name: str) -> None:
        from ..steer import steer_run

        self._start_question(partial(steer_run, self._page, name))

    def _start_question(self, question: Callable[[], Awaitable[None]]) -> None:
        self._asking += not self._begun  # one that was begun by a key is counted already
        self._begun = False
        self._run_question(question)

    @work(group="ask", exclusive=True)
    async def _run_question(self, question: Callable[[], Awaitable[None]]) -> None:
        try:
            await question()
        finally:
            self._finish_question()

    async def _ask_filter(self) -> None:
        lines = self._page.active_list
        if lines is None:
            return
        before = lines.filter_text
        answer = await self.open_bar().ask(
            "/", value=before, hint="words to look for; empty shows all", change=lines.apply_filter
        )
        lines.apply_filter(before if answer is None else answer)

    async def _ask_command(self) -> None:
        names = tuple(sorted([*COMMANDS, *(action.name for action in DIRECTIVE_SPECS)]))
        answer = await self.open_bar().ask(":", choices=names, hint="a command, such as runs, theme light, pause")
        if answer and answer.strip():
            await run_command(self._page, answer.strip())

    def _finish_question(self) -> None:
        """The last question of those that were begun is answered: whoever had the keys gets them back."""
        self._asking -= 1
        if self._asking or not self._page.ready:
            return
        had = self.bar.has_focus_within
        self.bar.close()
        if had and self._before is not None and self._before.is_attached:
            self.set_focus(self._before)  # now, not when the queue is empty: the next question may be here by then
        self.call_later(self._page.ui.flush_held_keys)

    @classmethod
    def directive_bindings(cls, *names: str) -> list[BindingType]:
        """The bindings of rows of the action table, with their own ids so that a person can remap them."""
        return [
            Binding(one.key, f"steer('{one.name}')", one.title, show=False, id=f"steer.{one.name}")
            for one in DIRECTIVE_SPECS
            if one.name in names
        ]
