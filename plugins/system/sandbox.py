"""A guest's own room: a thread with an event loop, so that what hangs there hangs nobody else.

The run waits outside, with a clock. While the guest waits for the run's own doors (a model, the team) the clock stands
still. A guest whose time is over is interrupted, and whoever calls next finds a new room.
"""

from __future__ import annotations

import asyncio
import ctypes
import threading
import time
import weakref
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")
_POLL_SECONDS = 0.05


class PluginTimeout(Exception):
    """The guest took longer than it may."""


class PluginInterrupted(BaseException):
    """Raised inside a guest whose time is over. No Exception, so that a guest's own `except` does not swallow it."""


class HostLoop:
    """The way from a room to the loop of the run, and the clock of one call."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._since: float | None = None
        self._away = 0

    def start_clock(self) -> None:
        self._since = time.monotonic()

    async def run_on_host(self, work: Coroutine[Any, Any, T]) -> T:
        """Await something of the run's from within the room."""
        self._away += 1
        try:
            return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._loop))
        finally:
            self._away -= 1
            self.start_clock()

    def seconds_used(self) -> float | None:
        """Seconds that the guest took of its own since it was last outside; None before it began."""
        if self._since is None:
            return None
        return 0.0 if self._away else time.monotonic() - self._since


class PluginThread:
    """seconds: how long one call may take of the guest's own time. A room is entered by one call at a time, so that a
    guest need not know of threads; its async calls take turns as in any loop."""

    def __init__(self, name: str, seconds: float) -> None:
        self.name, self.seconds = name, seconds
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._moved = time.monotonic()
        self._lock = threading.Lock()

    def call(self, function: Callable[..., T], *args: Any, **named: Any) -> T:
        """A plain function's result, or what it raises. Raises Hung."""
        if threading.current_thread() is self._thread:
            return function(*args, **named)
        done: Future[T] = Future()

        def run() -> None:
            self._moved = time.monotonic()
            try:
                done.set_result(function(*args, **named))
            except BaseException as error:  # noqa: BLE001 - handed to whoever waits outside, SystemExit too
                done.set_exception(error)

        loop = self._ensure_loop()
        loop.call_soon_threadsafe(run)
        try:
            return done.result(self.seconds)
        except TimeoutError:
            if done.done():
                raise
            self._interrupt(loop)
            raise PluginTimeout(f"it took longer than {self.seconds:g} seconds") from None

    async def run(self, work: Callable[[HostLoop], Awaitable[T]]) -> T:
        """An async function's result, or what it raises. Raises Hung. Being cancelled cancels it."""
        outside, loop = HostLoop(), self._ensure_loop()

        async def inside() -> T:
            self._moved = time.monotonic()
            outside.start_clock()
            try:
                return await work(outside)
            except (SystemExit, KeyboardInterrupt) as error:  # these would end the room's loop, not the call
                raise RuntimeError(f"it raised {error!r}") from error
            finally:
                self._moved = time.monotonic()

        future = asyncio.wrap_future(asyncio.run_coroutine_threadsafe(inside(), loop))
        wait = min(self.seconds, _POLL_SECONDS)
        try:
            while not (await asyncio.wait({future}, timeout=wait))[0]:
                used = outside.seconds_used()
                if (time.monotonic() - self._moved if used is None else used) >= self.seconds:
                    self._interrupt(loop)
                    raise PluginTimeout(f"it took longer than {self.seconds:g} seconds")
                wait = min(1.0, self.seconds, 2 * wait)
        except asyncio.CancelledError:
            future.cancel()
            raise
        if future.cancelled() and self._loop is not loop:
            raise PluginTimeout("another call of it took too long")
        return future.result()

    def _ensure_loop(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._moved = time.monotonic()
                self._thread = threading.Thread(target=_run_loop, args=(self._loop,), name=self.name, daemon=True)
                self._thread.start()
                weakref.finalize(self, _stop_loop, self._loop)
            return self._loop

    def _interrupt(self, loop: asyncio.AbstractEventLoop) -> None:
        """Interrupt what runs there. A guest that hangs in C cannot be reached; its thread is left behind."""
        with self._lock:
            if self._loop is not loop or self._thread is None:
                return
            thread, self._thread, self._loop = self._thread, None, None
        _stop_loop(loop)
        thread.join(_POLL_SECONDS)
        if thread.is_alive() and thread.ident is not None:
            ctypes.pythonapi.PyThreadState_SetAsyncExc(
                ctypes.c_ulong(thread.ident), ctypes.py_object(PluginInterrupted)
            )


def _run_loop(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
    except PluginInterrupted:
        # It reached the loop itself, just after the guest's code was done.
        loop.stop()
    finally:
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        if left:
            loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        loop.close()


def _stop_loop(loop: asyncio.AbstractEventLoop) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(loop.stop)
