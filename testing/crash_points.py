"""Every moment at which a process can die between two durable writes of a run, as a copy of what is on the disk then.

with CrashPoints.record(folder, copies) as points:
    await harness.run("gepa", folder=folder)
for point in points.all: ...  # resume in `point.folder`, as a new process would
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any, Literal
from unittest.mock import patch

from ..graphs import execution
from ..graphs.checkpoints import CHECKPOINTS_FILE, open_checkpointer
from ..runtime.store.store import DATABASE
from ..runtime.store.writer import Writer

WriteKind = Literal["start", "checkpoint", "pending", "commit"]


@dataclass(frozen=True, kw_only=True)
class CrashPoint:
    """The disk right after one durable write, which is also the disk right before the next one.

    number: from 0, before the first write. last: what was written last; `pending` is a task's result that the next
    checkpoint will hold.
    """

    number: int
    last: WriteKind
    folder: Path


@dataclass(kw_only=True)
class CrashPoints:
    """Copies a run's folder after each checkpoint, pending write and commit, while no other write can happen.

    selection: which points are copied, by number and kind of the last write; the others are only counted.
    """

    source: Path
    copies: Path
    selection: Callable[[int, WriteKind], bool]
    points: list[CrashPoint] = field(default_factory=list)
    count: int = 0
    _lock: Lock = field(default_factory=Lock)

    @classmethod
    @contextmanager
    def record(
        cls, source: Path, copies: Path, selection: Callable[[int, WriteKind], bool] = lambda number, last: True
    ) -> Iterator[CrashPoints]:
        """Record the run that works in `source` meanwhile. copies: a folder for the copies."""
        recorder = cls(source=source, copies=copies, selection=selection)
        commit = Writer._commit

        def recorded_commit(writer: Writer, batch: Any) -> Any:
            with recorder._lock:
                results = commit(writer, batch)
                recorder._copy("commit")
            return results

        @asynccontextmanager
        async def recorded_checkpointer(*arguments: Any) -> AsyncIterator[Any]:
            async with open_checkpointer(*arguments) as saver:
                for name, kind in _SAVER_WRITES.items():
                    setattr(saver, name, recorder._recorded(getattr(saver, name), kind))
                yield saver

        with (
            patch.object(Writer, "_commit", recorded_commit),
            patch.object(execution, "open_checkpointer", recorded_checkpointer),
        ):
            yield recorder

    def _recorded(self, write: Callable[..., Any], kind: WriteKind) -> Callable[..., Any]:
        async def recorded(*arguments: Any, **options: Any) -> Any:
            await asyncio.to_thread(self._lock.acquire)
            try:
                result = await write(*arguments, **options)
                self._copy(kind)
            finally:
                self._lock.release()
            return result

        return recorded

    def _copy(self, last: WriteKind) -> None:
        number, self.count = self.count, self.count + 1
        if not self.selection(number, last):
            return
        folder = self.copies / f"{number:05d}"
        folder.mkdir(parents=True)
        for name in (DATABASE, CHECKPOINTS_FILE):
            if (self.source / name).exists():
                with sqlite3.connect(self.source / name) as original, sqlite3.connect(folder / name) as copy:
                    original.backup(copy)
                original.close()
                copy.close()
        self.points.append(CrashPoint(number=number, last=last, folder=folder))


_SAVER_WRITES: dict[str, WriteKind] = {"aput": "checkpoint", "aput_writes": "pending"}
