"""The way between screens, and how they look: what the application knows of its pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import App, ScreenStackError
from textual.binding import Binding, BindingType
from textual.command import CommandPalette
from textual.events import Event, Key
from textual.filter import LineFilter

from ..core.errors import UsageError
from .format.monochrome import Monochrome
from .format.text import ASCII, UNICODE, Glyphs, to_ascii
from .format.themes import DARK, LIGHT, THEMES
from .screens.base import Page

if TYPE_CHECKING:
    from .app import MaieuticApp

_MONOCHROME = Monochrome()


class Navigator(App[None]):
    """Pages lie on one another, the list of runs beneath them all; the newest has the keys."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+p", "command_palette", "Palette", show=False, id="palette"),
        Binding("ctrl+t", "next_theme", "Next theme", show=False, id="theme"),
    ]

    def __init__(self, *, ascii_only: bool, theme: str) -> None:
        super().__init__()
        for one in THEMES:
            self.register_theme(one)
        self.use_theme(theme)  # before it runs: a theme that changes later has the whole style sheet read again
        self.ascii_only = ascii_only
        self.marked = ""
        self._last: Page | None = None

    @property
    def ascii_only(self) -> bool:
        return self._ascii_only

    @ascii_only.setter
    def ascii_only(self, wanted: bool) -> None:
        self._ascii_only = wanted
        self.set_class(wanted, "-ascii")  # frames and bars of the style sheet

    def get_key_display(self, binding: Binding) -> str:
        """Arrows are named by their ASCII look-alikes where a terminal knows no others."""
        shown = super().get_key_display(binding)
        return to_ascii(shown) if self.ascii_only else shown

    @property
    def signs(self) -> Glyphs:
        return ASCII if self.ascii_only else UNICODE

    @property
    def path(self) -> list[str]:
        """The breadcrumbs: the list of runs, on which all lie, then the crumbs of the pages that lie on one another."""
        crumbs = [one.crumb for one in self.pages]
        return ["maieutic", *(["runs"] if crumbs[:1] != ["runs"] else []), *crumbs]

    @property
    def pages(self) -> list[Page]:
        """The lowest first. Whoever began with a run has no list of runs beneath it before going back to one."""
        return [one for one in self.screen_stack if isinstance(one, Page)]

    @property
    def page(self) -> Page | None:
        """The page on top; None under a dialog, and while the application is taken down."""
        try:
            screen = self.screen
        except ScreenStackError:
            return None
        return screen if isinstance(screen, Page) else None

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Under any of Textual's own themes too, roles, cursor and frames have their colours."""
        theme = self.get_theme(self.theme)
        return dict((LIGHT if theme is not None and not theme.dark else DARK).variables)

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Where no colour is wanted there are no shades of grey either."""
        return (_MONOCHROME,) if self.no_color else super().get_line_filters()

    async def on_event(self, event: Event) -> None:
        page = self.page
        if (
            isinstance(event, Key)
            and not event.is_forwarded
            and page is not None
            and page.ready
            and page.queue_key(event)
        ):
            return
        await super().on_event(event)

    async def flush_held_keys(self) -> None:
        """Keys that a question held back go where they belong now."""
        if (page := self.page) is not None and page.ready:
            await page.flush_keys(super().on_event)

    def open_route(self, name: str, words: Sequence[str] = ()) -> None:
        """To a place, or another look. Raises UsageError where there is no such thing."""
        from .routes import open_route

        open_route(cast("MaieuticApp", self), name, words)

    def go_back(self) -> None:
        """One page back; under the page of a run lies the list of runs."""
        from .screens.runs import RunsPage

        if isinstance(self.screen, RunsPage):
            return
        self._last = self.page
        if len(self.pages) > 1:
            self.pop_screen()
        else:
            self.switch_screen(RunsPage())
        if isinstance(self.screen, RunsPage):
            self.detach()

    def detach(self) -> None:
        """The list of runs is shown: none is watched."""

    def open_last_page(self) -> None:
        """The last view that was left, as `cd -` does."""
        if self._last is None:
            self.notify("there is no last view yet", severity="warning")
        else:
            self._last.reopen(cast("MaieuticApp", self))

    def use_theme(self, name: str) -> None:
        """`dark`, `light` or `contrast`, or any theme that Textual has."""
        wanted = name if name in self.available_themes else f"maieutic-{name}"
        if wanted not in self.available_themes:
            raise UsageError(f"there is no theme {name!r}; there are dark, light and contrast")
        self.theme = wanted

    def action_command_palette(self) -> None:
        if not CommandPalette.is_open(self):  # type: ignore[arg-type]
            self.push_screen(CommandPalette(placeholder="a place, a look or a directive", id="--command-palette"))

    def action_next_theme(self) -> None:
        names = [one.name for one in THEMES]
        self.theme = names[(names.index(self.theme) + 1) % len(names)] if self.theme in names else names[0]

    def redraw_pages(self) -> None:
        for one in self.screen_stack:
            if isinstance(one, Page):
                one.redraw()
