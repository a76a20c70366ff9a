"""The application: attaches to a run, keeps the newest scene, and knows the way between screens."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from textual import work
from textual.app import App, ScreenStackError
from textual.binding import Binding, BindingType
from textual.timer import Timer

from ..core.errors import MaieuticError, UsageError
from ..runtime.store import Store
from .feed import Feed, LiveFeed, ReplayFeed, Scene
from .keys import keys_file, read_keys
from .page import Page
from .palette import WheelProvider
from .themes import DARK, THEMES
from .words import ASCII, UNICODE, Signs

FLUSH_SECONDS = 0.1
_BEATS_A_LOOK = 10
Opening = Callable[["MaieuticApp"], Page]


class MaieuticApp(App[None]):
    """Read through the store, written to through directives alone.

    run: what to attach to; None begins with the list. read_only: no directives. listing: gives recipes and plugins as
    plain data when they are asked for; the command line brings it, since this floor may not know them. replay: the
    speed of a replay, None for live. feed: another source of scenes than the store.
    """

    CSS_PATH = "style.tcss"
    TITLE = "maieutic"
    COMMANDS = App.COMMANDS | {WheelProvider}
    ENABLE_COMMAND_PALETTE = True
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+p", "command_palette", "Palette", show=False, id="palette"),
        Binding("ctrl+t", "next_theme", "Next theme", show=False, id="theme"),
    ]

    def __init__(
        self,
        folder: Path,
        *,
        run: str | None = None,
        read_only: bool = False,
        listing: Callable[[], Mapping[str, Any]] | None = None,
        replay: float | None = None,
        ascii_only: bool = False,
        theme: str = "dark",
        feed: Feed | None = None,
    ) -> None:
        super().__init__()
        self.folder, self.read_only, self.listing = folder, read_only, listing or dict
        self.store = Store.open(folder, read_only=True)
        self.ascii_only = ascii_only
        self.scene: Scene | None = None
        self.replay = replay
        self._feed = feed
        self._run = run
        self._beat: Timer | None = None
        self._beats = 0
        self._busy = False
        self._last: str = ""
        self._theme = theme
        self.marked = ""

    @property
    def signs(self) -> Signs:
        return ASCII if self.ascii_only else UNICODE

    @property
    def path(self) -> list[str]:
        """The breadcrumbs: the crumbs of the pages that lie on one another."""
        return ["maieutic", *(one.crumb for one in self.screen_stack if isinstance(one, Page))]

    @property
    def page(self) -> Page | None:
        """The page on top; None under a dialog, and while the application is taken down."""
        try:
            screen = self.screen
        except ScreenStackError:
            return None
        return screen if isinstance(screen, Page) else None

    @property
    def feed(self) -> Feed | None:
        return self._feed

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Under any of Textual's own themes too, the roles have their colours."""
        return dict(DARK.variables)

    def on_mount(self) -> None:
        for one in THEMES:
            self.register_theme(one)
        self.look(self._theme)
        self._take_keys()
        from .screens.runs import RunsPage

        self.push_screen(RunsPage())
        if self._run is not None or self._feed is not None:
            self.attach(self._run or "latest")
        self._beat = self.set_interval(FLUSH_SECONDS, self._pulse)

    def on_unmount(self) -> None:
        self.store.close()

    def attach(self, run: str) -> None:
        """Watch a run. Raises UsageError for one that is not there."""
        from .screens.run import RunPage

        if self._feed is None or self.scene is not None:
            record = self.store.run(run)
            self._feed = LiveFeed(self.store, record.id) if self.replay is None else self._player(record.id)
        self.scene = self._feed.scene  # what costs nothing: the first frame waits for no log
        while len(self.screen_stack) > 2:
            self.pop_screen()
        self.push_screen(RunPage())
        self._pulse()

    def go(self, name: str, words: Sequence[str] = ()) -> None:
        """To a place, or another look. Raises UsageError where there is no such thing."""
        from .places import go

        go(self, name, words)

    def back(self) -> None:
        if sum(isinstance(one, Page) for one in self.screen_stack) > 1:
            self._last = type(self.screen).__name__
            self.pop_screen()
            if len(self.screen_stack) == 2 and self.replay is None:
                self._feed = self.scene = None

    def swap(self) -> None:
        """The last view that was left, as `cd -` does."""
        names = {"CandidatePage": "candidate", "ComparePage": "compare", "ExamplesPage": "examples"}
        names |= {"ReportPage": "report", "LibraryPage": "library", "RunPage": "run"}
        last = names.get(self._last)
        if last is None:
            self.notify("there is no last view yet", severity="warning")
            return
        self.go(last)

    def look(self, name: str) -> None:
        """`dark`, `light` or `contrast`, or any theme that Textual has."""
        wanted = name if name in self.available_themes else f"maieutic-{name}"
        if wanted not in self.available_themes:
            raise UsageError(f"there is no theme {name!r}; there are dark, light and contrast")
        self.theme = wanted

    def action_next_theme(self) -> None:
        names = [one.name for one in THEMES]
        self.theme = names[(names.index(self.theme) + 1) % len(names)] if self.theme in names else names[0]

    def draw_again(self) -> None:
        for one in self.screen_stack:
            if isinstance(one, Page):
                one.redraw()

    def _player(self, run: str) -> ReplayFeed:
        return ReplayFeed(self.store, run, speed=self.replay or 10.0)

    def _pulse(self) -> None:
        if not self._busy:
            self._read()

    @work(group="feed")
    async def _read(self) -> None:
        """One reading at a time, in a thread; all that came since the last one is drawn at once."""
        self._busy = True
        try:
            feed = self._feed
            if feed is None:
                self._beats += 1
                if self._beats % _BEATS_A_LOOK == 0 and self.page is not None:
                    self.page.idle()
                return
            scene = await asyncio.to_thread(feed.read)
            if feed is self._feed:
                self.scene = scene
                if self.page is not None:
                    self.page.tell(scene)
        except MaieuticError as error:
            self.notify(str(error), title="the store cannot be read", severity="error")
        finally:
            self._busy = False

    def _take_keys(self) -> None:
        from .bindings import all_bindings

        keys = read_keys(keys_file(), all_bindings())
        if keys.chosen:
            self.set_keymap(dict(keys.chosen))
        for complaint in keys.complaints:
            self.notify(complaint, title="keys", severity="warning")


def ascii_wanted(environment: Mapping[str, str] = os.environ) -> bool:
    """Where the locale is none that draws lines, or a person asked for it."""
    if environment.get("MAIEUTIC_ASCII"):
        return True
    said = environment.get("LC_ALL") or environment.get("LC_CTYPE") or environment.get("LANG") or "C.UTF-8"
    return "utf" not in said.lower()
