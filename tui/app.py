"""The application: attaches to a run, keeps the newest scene, and knows the way between screens."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual import work
from textual.timer import Timer

from ..core.errors import MaieuticError
from ..runtime.monitor.snapshot import LiveSource, RunSnapshot, SnapshotSource
from ..runtime.store import Store
from .keys import keymap_path, load_keymap
from .navigator import Navigator
from .replay import ReplaySource

if TYPE_CHECKING:
    from .palette import CommandProvider

POLL_SECONDS = 0.1
_POLLS_PER_IDLE_REFRESH = 10


def _command_provider() -> type[CommandProvider]:
    """Asked for when the palette is opened."""
    from .palette import CommandProvider

    return CommandProvider


class MaieuticApp(Navigator):
    """Read through the store, written to through directives alone.

    run: what to attach to; None begins with the list. run_name: what was watched last. read_only: no directives.
    listing: gives recipes and plugins as plain data when they are asked for; the command line brings it, since this
    floor may not know them. replay: the speed of a replay, None for live. feed: another source than the store.
    """

    CSS_PATH = "style.tcss"
    TITLE = "maieutic"
    COMMANDS = {_command_provider}  # Textual's own commands would name half of ours twice
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
        feed: SnapshotSource | None = None,
    ) -> None:
        super().__init__(ascii_only=ascii_only, theme=theme)
        self.folder, self.read_only, self.listing = folder, read_only, listing or dict
        self.store = Store.open(folder, read_only=True)
        self.scene: RunSnapshot | None = None
        self.replay = replay
        self._feed = feed
        self._begins_with_a_run = run is not None or feed is not None
        self.run_name = run or "latest"
        self._beat: Timer | None = None
        self._beats = 0
        self._busy = False

    @property
    def feed(self) -> SnapshotSource | None:
        return self._feed

    def on_mount(self) -> None:
        self._load_keymap()
        if self._begins_with_a_run:
            self.attach(self.run_name)
        else:
            from .screens.runs import RunsPage

            self.push_screen(RunsPage())
        self._beat = self.set_interval(POLL_SECONDS, self._poll)

    def on_unmount(self) -> None:
        self.store.close()

    def attach(self, run: str) -> None:
        """Watch a run. Raises UsageError for one that is not there."""
        from .screens.run import RunPage

        if self._feed is None or self.scene is not None:
            record = self.store.run(run)
            self._feed = LiveSource(self.store, record.id) if self.replay is None else self._replay_source(record.id)
        self.run_name = self._feed.scene.record.id
        self.scene = self._feed.scene  # what costs nothing: the first frame waits for no log
        while len(self.pages) > 1:
            self.pop_screen()
        if self.pages and isinstance(self.pages[0], RunPage):
            self.switch_screen(RunPage())
        else:
            self.push_screen(RunPage())
        self.call_after_refresh(self._poll)

    def detach(self) -> None:
        if self.replay is None:
            self._feed = self.scene = None

    def _replay_source(self, run: str) -> ReplaySource:
        return ReplaySource(self.store, run, speed=self.replay or 10.0)

    def _poll(self) -> None:
        if not self._busy:
            self._read_snapshot()

    @work(group="feed")
    async def _read_snapshot(self) -> None:
        """One reading at a time, in a thread; all that came since the last one is drawn at once."""
        self._busy = True
        try:
            feed = self._feed
            if feed is None:
                self._beats += 1
                if self._beats % _POLLS_PER_IDLE_REFRESH == 0 and self.page is not None:
                    self.page.poll_store()
                return
            scene = await asyncio.to_thread(feed.read)
            if feed is self._feed:
                self.scene = scene
                if self.page is not None:
                    self.page.show_snapshot(scene)
        except MaieuticError as error:
            self.notify(str(error), title="the store cannot be read", severity="error")
        finally:
            self._busy = False

    def _load_keymap(self) -> None:
        file = keymap_path()
        if not file.is_file():
            return
        from .bindings import all_bindings

        keys = load_keymap(file, all_bindings())
        if keys.chosen:
            self.set_keymap(dict(keys.chosen))
        for complaint in keys.complaints:
            self.notify(complaint, title="keys", severity="warning")


def use_ascii(environment: Mapping[str, str] = os.environ) -> bool:
    """Where the locale is none that draws lines, or a person asked for it."""
    if environment.get("MAIEUTIC_ASCII"):
        return True
    said = environment.get("LC_ALL") or environment.get("LC_CTYPE") or environment.get("LANG") or "C.UTF-8"
    return "utf" not in said.lower()
