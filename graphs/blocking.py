"""Runs for callers that cannot await: scripts, and notebooks, whose own event loop is running already."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from contextvars import copy_context
from typing import Any, TypeVar

T = TypeVar("T")
# How often the calling thread draws the progress of a run in another thread; a person sees no difference below.
_TICK_SECONDS = 0.2


def run_blocking(work: Coroutine[Any, Any, T], on_tick: Callable[[], None] = lambda: None) -> T:
    """The result of a coroutine.

    Without a running event loop it runs in this thread, else in one of its own, so that a notebook's cell works.
    Ctrl-C, or a notebook's stop button, cancels it: a run is then recorded as stopped and can be resumed.

    Args:
        work: what to run.
        on_tick: called from this thread a few times a second, where the work has another one.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    thread = WorkThread(work)
    thread.start()
    while True:
        try:
            if thread.finished.wait(_TICK_SECONDS):
                break
            on_tick()
        except KeyboardInterrupt:
            thread.cancel()
            thread.finished.wait()
            raise
    result: T = thread.result()
    return result


class WorkThread(threading.Thread):
    """A thread with an event loop for one coroutine. Context variables are those of the caller."""

    def __init__(self, work: Coroutine[Any, Any, Any], on_end: Callable[[], None] = lambda: None) -> None:
        super().__init__(name="maieutic run", daemon=True)
        self.finished = threading.Event()
        self._work, self._on_end = work, on_end
        self._context = copy_context()
        self._outcome: tuple[Any, BaseException | None] = (None, None)
        self._task: asyncio.Task[Any] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._cancelled = False

    def run(self) -> None:
        try:
            self._outcome = (self._context.run(asyncio.run, self._started_work()), None)
        except BaseException as error:  # noqa: BLE001 - raised again in the caller's thread
            self._outcome = (None, error)
        finally:
            self.finished.set()
            self._on_end()

    @property
    def failed(self) -> bool:
        return self._outcome[1] is not None

    def cancel(self) -> None:
        self._cancelled = True
        if self._loop is not None and self._task is not None and not self.finished.is_set():
            self._loop.call_soon_threadsafe(self._task.cancel)

    def result(self) -> Any:
        value, error = self._outcome
        if error is not None:
            raise error
        return value

    async def _started_work(self) -> Any:
        self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()
        if self._cancelled:
            self._work.close()
            raise asyncio.CancelledError
        return await self._work
