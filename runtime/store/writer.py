"""The single writing thread. Pending writes are committed together, and each caller continues after the commit."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from ...core.errors import RunFailed
from .redaction import Redactor
from .writing_connection import redactor_of

T = TypeVar("T")
WriteTask = Callable[[sqlite3.Connection], T]


@dataclass(frozen=True, eq=False)
class _Submission:
    task: WriteTask[Any]
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]


@dataclass(frozen=True)
class _WriteResult:
    submission: _Submission
    result: Any = None
    error: Exception | None = None


class Writer:
    """Group commit without a timer: a batch is what queued up during the last commit.

    Submissions run in order, each in a savepoint, so that a failed one does not undo the others. The thread starts with
    the first submission and owns the connection from then on.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._queue: SimpleQueue[_Submission | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closed = False

    @property
    def redactor(self) -> Redactor:
        """It knows the keys of the runs that are written."""
        return redactor_of(self._connection)

    async def submit(self, task: WriteTask[T]) -> T:
        """The result of `task`, once it is committed. Raises what `task` raised, or sqlite3.Error for the commit.

        A cancelled caller loses the result, not the write.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        with self._lock:
            if self._closed:
                raise RunFailed("the store was closed")
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="maieutic-writer", daemon=True)
                self._thread.start()
            self._queue.put(_Submission(task, loop, future))
        return await future

    def close(self) -> None:
        """Finish pending writes, then end the thread and close the connection."""
        with self._lock:
            already, self._closed = self._closed, True
            thread = self._thread
        if already:
            return
        if thread is not None:
            self._queue.put(None)
            thread.join()
        self._connection.close()

    def _run(self) -> None:
        while True:
            batch, last = self._drain()
            if batch:
                _deliver_all(self._commit(batch))
            if last:
                return

    def _drain(self) -> tuple[list[_Submission], bool]:
        """All pending submissions, at least one, and whether the writer ends after them."""
        batch: list[_Submission] = []
        submission = self._queue.get()
        while submission is not None:
            batch.append(submission)
            try:
                submission = self._queue.get_nowait()
            except Empty:
                return batch, False
        return batch, True

    def _commit(self, batch: list[_Submission]) -> list[_WriteResult]:
        execute = self._connection.execute
        try:
            execute("BEGIN IMMEDIATE")
            outcomes = [self._execute(submission) for submission in batch]
            execute("COMMIT")
        except sqlite3.Error as error:
            with suppress(sqlite3.Error):
                if self._connection.in_transaction:
                    execute("ROLLBACK")
            return [_WriteResult(submission, error=error) for submission in batch]
        return outcomes

    def _execute(self, submission: _Submission) -> _WriteResult:
        """Raises sqlite3.Error only where SQLite rolled back the whole transaction (a full disk)."""
        execute = self._connection.execute
        execute("SAVEPOINT one")
        try:
            result = submission.task(self._connection)
        except Exception as error:  # goes to its own caller; the others continue
            if not self._connection.in_transaction:
                raise sqlite3.OperationalError(f"a whole batch was rolled back: {error}") from error
            execute("ROLLBACK TO one")
            execute("RELEASE one")
            return _WriteResult(submission, error=error)
        execute("RELEASE one")
        return _WriteResult(submission, result=result)


def _deliver_all(outcomes: list[_WriteResult]) -> None:
    """Wake each event loop once for all of its outcomes."""
    by_loop: dict[asyncio.AbstractEventLoop, list[_WriteResult]] = {}
    for outcome in outcomes:
        by_loop.setdefault(outcome.submission.loop, []).append(outcome)
    for loop, own in by_loop.items():
        with suppress(RuntimeError):  # a closed loop has no waiting callers
            loop.call_soon_threadsafe(_deliver, own)


def _deliver(outcomes: list[_WriteResult]) -> None:
    for outcome in outcomes:
        future = outcome.submission.future
        if future.done():
            continue
        if outcome.error is not None:
            future.set_exception(outcome.error)
        else:
            future.set_result(outcome.result)
