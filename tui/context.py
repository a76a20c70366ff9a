"""What a page knows of the application around it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

from ..runtime.monitor.snapshot import RunSnapshot, SnapshotSource
from ..runtime.store import Store
from .format.text import Glyphs


class AppContext(Protocol):
    """The application, as far as pages use it.

    Attributes:
        folder: the project folder, to write directives and start processes in.
        store: open for reading.
        read_only: whether directives are off.
        ascii_only: whether lines and signs are drawn in ASCII.
        drafts: texts that were left in the editor, by its title.
        marked: the candidate that was marked for a comparison; empty where none is.
        listing: recipes and plugins as plain data, asked for when they are shown.
    """

    folder: Path
    store: Store
    read_only: bool
    drafts: dict[str, str]
    marked: str
    listing: Callable[[], Mapping[str, Any]]

    @property
    def ascii_only(self) -> bool: ...

    @property
    def snapshot(self) -> RunSnapshot | None:
        """The newest one; None where no run is watched."""

    @property
    def source(self) -> SnapshotSource | None:
        """Where snapshots come from."""

    @property
    def glyphs(self) -> Glyphs: ...

    @property
    def breadcrumbs(self) -> list[str]: ...

    @property
    def commands(self) -> Mapping[str, str]:
        """What can be typed after a colon: command → help."""
