"""The stack of pages, and how they look: themes, ASCII, no colour."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import App, ScreenStackError
from textual.binding import Binding, BindingType
from textual.command import CommandPalette
from textual.events import Event, Key
from textual.filter import LineFilter

from ..core.errors import UsageError
from .format.styles import Monochrome
from .format.text import ASCII, UNICODE, Glyphs, to_ascii
from .format.themes import DARK, LIGHT, THEMES
from .screens.base import Page
from .widgets.prompt_bar import PromptBar

_MONOCHROME = Monochrome()


class Navigator(App[None]):
    """Pages lie on one another, the list of runs beneath them all; the newest has the keys."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+p", "command_palette", "Palette", show=False, id="palette"),
        Binding("ctrl+t", "next_theme", "Next theme", show=False, id="theme"),
    ]

    def __init__(self, *, ascii_only: bool, theme: str) -> None:
        super().__init__()
        for known_theme in THEMES:
            self.register_theme(known_theme)
        self.use_theme(theme)  # before it runs: a theme that changes later has the whole style sheet read again
        self.ascii_only = ascii_only
        self.marked = ""
        self._last_page: Page | None = None
        self._early_keys: list[Key] = []

    @property
    def ascii_only(self) -> bool:
        return self._ascii_only

    @ascii_only.setter
    def ascii_only(self, ascii_only: bool) -> None:
        self._ascii_only = ascii_only
        self.set_class(ascii_only, "-ascii")  # frames and bars of the style sheet

    @property
    def glyphs(self) -> Glyphs:
        return ASCII if self.ascii_only else UNICODE

    def get_key_display(self, binding: Binding) -> str:
        """Arrows are named by their ASCII look-alikes where a terminal has no others."""
        display = super().get_key_display(binding)
        return to_ascii(display) if self.ascii_only else display

    @property
    def breadcrumbs(self) -> list[str]:
        """The list of runs, on which all pages lie, then the crumbs of the pages on the stack."""
        crumbs = [page.crumb for page in self.pages]
        return ["maieutic", *(["runs"] if crumbs[:1] != ["runs"] else []), *crumbs]

    @property
    def pages(self) -> list[Page]:
        """The lowest first. An application that started on a run has no list of runs until it goes back to it."""
        return [screen for screen in self.screen_stack if isinstance(screen, Page)]

    @property
    def page(self) -> Page | None:
        """The page on top; None under a dialog, and while the application is taken down."""
        try:
            screen = self.screen
        except ScreenStackError:
            return None
        return screen if isinstance(screen, Page) else None

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Textual's own themes get colours for roles, cursor and frames too."""
        theme = self.get_theme(self.theme)
        return dict((LIGHT if theme is not None and not theme.dark else DARK).variables)

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Without colour there are no shades of grey either."""
        return (_MONOCHROME,) if self.no_color else super().get_line_filters()

    async def on_event(self, event: Event) -> None:
        page = self.page
        if isinstance(event, Key) and not event.is_forwarded and page is not None:
            if not page.composed:
                self._early_keys.append(event)
                return
            if page.ready and page.queue_key(event):
                return
        await super().on_event(event)

    @on(Page.Ready)
    async def release_early_keys(self) -> None:
        """Keys that came while the page was composed."""
        keys, self._early_keys = self._early_keys, []
        for key in keys:
            await self.on_event(key)

    @on(PromptBar.QuestionOpened)
    async def flush_keys(self) -> None:
        """Keys that were typed ahead of the question answer it."""
        if (page := self.page) is not None and page.ready:
            await page.bar.flush_keys(super().on_event)

    @on(PromptBar.Closed)
    async def release_keys(self, message: PromptBar.Closed) -> None:
        """Keys that were typed ahead of the next question, or for the page that is on top by now."""
        for key in message.bar.release_keys():
            await self.on_event(key)

    def go_back(self) -> None:
        """One page back; beneath the page of a run lies the list of runs."""
        from .screens.runs import RunsPage

        if isinstance(self.screen, RunsPage):
            return
        self._last_page = self.page
        if len(self.pages) > 1:
            self.pop_screen()
        else:
            self.switch_screen(RunsPage())
        if isinstance(self.screen, RunsPage):
            self.detach()

    def detach(self) -> None:
        """The list of runs is shown: none is watched."""

    def use_theme(self, name: str) -> None:
        """`dark`, `light` or `contrast`, or any theme that Textual has. Raises UsageError for another name."""
        theme = name if name in self.available_themes else f"maieutic-{name}"
        if theme not in self.available_themes:
            raise UsageError(f"there is no theme {name!r}; choose dark, light or contrast")
        self.theme = theme

    def action_command_palette(self) -> None:
        if not CommandPalette.is_open(self):  # type: ignore[arg-type]
            self.push_screen(CommandPalette(placeholder="a screen, a look or a directive", id="--command-palette"))

    def action_next_theme(self) -> None:
        names = [theme.name for theme in THEMES]
        self.theme = names[(names.index(self.theme) + 1) % len(names)] if self.theme in names else names[0]

    def redraw_pages(self) -> None:
        for page in self.pages:
            page.redraw()
