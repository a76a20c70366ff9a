"""The application: watches a run, keeps its newest snapshot, and carries out what pages ask for."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual import on, work

from ..core.error_messages import did_you_mean
from ..core.errors import MaieuticError, UsageError
from ..runtime.monitor.snapshot import LiveSource, RunSnapshot, SnapshotSource
from ..runtime.steering.catalog import DIRECTIVES_BY_NAME
from ..runtime.store import Store
from .keys import keymap_path, load_keymap
from .navigator import Navigator
from .replay import ReplaySource
from .screens.questions import Navigate, Steer

if TYPE_CHECKING:
    from .palette import CommandProvider

POLL_SECONDS = 0.1  # ten frames a second look smooth; every event of a busy run would be drawn for nobody
_POLLS_PER_IDLE_REFRESH = 10  # the list of runs changes slowly: once a second


def _command_provider() -> type[CommandProvider]:
    """Imported when the palette is opened."""
    from .palette import CommandProvider

    return CommandProvider


class MaieuticApp(Navigator):
    """Reads the store, and writes directives only.

    Args:
        folder: the project folder.
        run: what to watch; None begins with the list of runs.
        read_only: whether directives are off.
        listing: returns recipes and plugins as plain data; the UI may not import them itself.
        replay: the speed of a replay, None for live.
        ascii_only: whether lines and signs are drawn in ASCII.
        theme: `dark`, `light` or `contrast`.
        source: snapshots from elsewhere than the store.
    """

    CSS_PATH = "style.tcss"
    TITLE = "maieutic"
    COMMANDS = {_command_provider}  # Textual's own commands would repeat half of ours
    ENABLE_COMMAND_PALETTE = True

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
        source: SnapshotSource | None = None,
    ) -> None:
        super().__init__(ascii_only=ascii_only, theme=theme)
        self.folder, self.read_only, self.listing = folder, read_only, listing or dict
        self.store = Store.open(folder, read_only=True)
        self.snapshot: RunSnapshot | None = None
        self.source = source
        self.run_name = run or "latest"
        self._starts_on_run = run is not None or source is not None
        self._replay_speed = replay
        self._idle_polls = 0
        self._reading = False
        self._notified: set[str] = set()
        self.drafts: dict[str, str] = {}

    @property
    def commands(self) -> Mapping[str, str]:
        from .routes import COMMANDS

        return COMMANDS

    def on_mount(self) -> None:
        self._load_keymap()
        if self._starts_on_run:
            self.attach(self.run_name)
        else:
            from .screens.runs import RunsPage

            self.push_screen(RunsPage())
        self.set_interval(POLL_SECONDS, self._poll)

    def on_unmount(self) -> None:
        self.store.close()

    def attach(self, run: str) -> None:
        """Watch a run. Raises UsageError for one that is not there."""
        from .screens.run import RunPage

        if self.source is None or self.snapshot is not None:
            record = self.store.run(run)
            self.source = self._open_source(record.id)
        if self.run_name != self.source.snapshot.record.id:
            self.marked = ""  # a candidate of the other run
        self.run_name = self.source.snapshot.record.id
        self.snapshot = self.source.snapshot  # costs nothing: the first frame waits for no log
        while len(self.pages) > 1:
            self.pop_screen()
        if self.pages and isinstance(self.pages[0], RunPage):
            self.switch_screen(RunPage())
        else:
            self.push_screen(RunPage())
        self.call_after_refresh(self._poll)

    def detach(self) -> None:
        if self._replay_speed is None:
            self.source = self.snapshot = None

    @on(Navigate)
    def _navigate(self, message: Navigate) -> None:
        self.open_route(message.name, message.words)

    @on(Steer)
    def _steer(self, message: Steer) -> None:
        from .steer import steer_run

        screen = message.screen
        screen.run_question(partial(steer_run, screen, message.name, message.words))

    def open_route(self, name: str, words: Sequence[str] = ()) -> None:
        """Go to a screen, or change the look; what cannot be done is shown as a warning."""
        try:
            self._open_route(name, words)
        except UsageError as error:
            self.notify(error.what, severity="warning")

    def _open_route(self, name: str, words: Sequence[str]) -> None:
        from .routes import COMMANDS, ROUTES, RouteRequest, all_bindings, export_lineage

        match name:
            case "back":
                self.go_back()
            case "last":
                self._open_last_page()
            case "runs":
                self._go_back_to("runs")
            case "run" if words or self.snapshot is None:
                self.attach(words[0] if words else self.run_name)
            case "run":
                self._go_back_to("run", "runs")
            case "theme":
                self.use_theme(words[0] if words else "dark")
            case "ascii":
                self.ascii_only = not self.ascii_only
                self.redraw_pages()
            case "export":
                path = Path(words[0] if words else "lineage.svg")
                export_lineage(RouteRequest(snapshot=self.snapshot).require_run(), path)
                self.notify(f"wrote {path.absolute()}")
            case "screenshot":
                self.notify(f"wrote {self.save_screenshot()}")
            case "keys":
                names = ", ".join(sorted(all_bindings(type(self))))
                self.notify(f"{keymap_path()}\n{names}", title="remap keys in", timeout=20)
            case "quit":
                self.exit()
            case _ if name in ROUTES:
                request = RouteRequest(words=words, snapshot=self.snapshot, page=self.page, marked=self.marked)
                self.push_screen(ROUTES[name](request))
            case _:
                hint = did_you_mean(name, [*COMMANDS, *DIRECTIVES_BY_NAME]) or "see :help"
                raise UsageError(f"unknown command {name!r}; {hint}")

    def _open_last_page(self) -> None:
        """The page that was left last, as `cd -` does."""
        if self._last_page is None:
            raise UsageError("there is no last view yet")
        self._open_route(self._last_page.route, self._last_page.route_words)

    def _go_back_to(self, *routes: str) -> None:
        while self.page is not None and self.page.route not in routes:
            self.go_back()

    def _open_source(self, run: str) -> SnapshotSource:
        if self._replay_speed is None:
            return LiveSource(self.store, run)
        return ReplaySource(self.store, run, speed=self._replay_speed)

    def _poll(self) -> None:
        if not self._reading:
            self._read_snapshot()

    @work(group="source")
    async def _read_snapshot(self) -> None:
        """One reading at a time, in a thread; all that came since the last one is drawn at once."""
        self._reading = True
        try:
            source = self.source
            if source is None:
                self._idle_polls += 1
                if self._idle_polls % _POLLS_PER_IDLE_REFRESH == 0 and self.page is not None:
                    self.page.poll_store()
                return
            snapshot = await asyncio.to_thread(source.read)
            self._notify_unreadable(getattr(source, "unreadable", {}))
            if source is self.source:
                self.snapshot = snapshot
                if self.page is not None:
                    self.page.show_snapshot(snapshot)
        except Exception as error:  # noqa: BLE001 - no record may end the display of a run that goes on
            self._notify_once(str(error) if isinstance(error, MaieuticError) else f"{type(error).__name__}: {error}")
        finally:
            self._reading = False

    def _notify_unreadable(self, unreadable: Mapping[int, str]) -> None:
        """Say once of each damaged event that it is left out."""
        for number, reason in unreadable.items():
            self._notify_once(f"event {number} is left out: {reason}")

    def _notify_once(self, text: str) -> None:
        if text not in self._notified:
            self._notified.add(text)
            self.notify(text, title="the store cannot be read", severity="error", markup=False)

    def _load_keymap(self) -> None:
        path = keymap_path()
        if not path.is_file():
            return
        from .routes import all_bindings

        keymap = load_keymap(path, all_bindings(type(self)))
        if keymap.bindings:
            self.set_keymap(dict(keymap.bindings))
        for error in keymap.errors:
            self.notify(error, title="keys", severity="warning")


def use_ascii() -> bool:
    """Where the locale has no line drawing, or a person asked for ASCII."""
    from ..runtime.settings import settings

    if settings().ascii:
        return True
    locale = os.environ.get("LC_ALL") or os.environ.get("LC_CTYPE") or os.environ.get("LANG") or "C.UTF-8"
    return "utf" not in locale.lower()
