"""Calls of a person's own functions with a time limit: one that never returns is interrupted and named.

A plain function has a daemon thread of its own, so that calls run side by side and a hung one cannot keep the process
alive. A coroutine function has a `PluginThread`, whose loop is not the run's: code that blocks it blocks nothing else.
"""

from __future__ import annotations

import asyncio
import contextvars
import ctypes
import inspect
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from .imports import call_function
from .process_guard import PluginInterrupted, exit_call, running
from .sandbox import PluginThread, PluginTimeout, as_exception

T = TypeVar("T")
# What asyncio's own pool has at most: more threads than that wait for each other.
_MOST_THREADS = 32


class TimedFunction:
    """A sync or async function with a time limit for each call."""

    def __init__(self, name: str, function: Callable[..., Any], seconds: float) -> None:
        self._name, self._function, self.seconds = name, function, seconds
        self._is_async = inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(type(function).__call__)
        self._thread: PluginThread | None = None
        self._slots: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()

    async def __call__(self, *args: Any, **keywords: Any) -> Any:
        """The function's result, or what it raises. Raises PluginTimeout, and RuntimeError for `sys.exit`."""
        try:
            if self._is_async:
                self._thread = self._thread or PluginThread(f"maieutic {self._name}", self.seconds)
                return await self._thread.run(lambda host: _awaited(self._function, args, keywords))
            slots = self._slots.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(_MOST_THREADS))
            async with slots:
                result = await self._call_in_thread(*args, **keywords)
            return await asyncio.wait_for(result, self.seconds) if inspect.isawaitable(result) else result
        except SystemExit as error:
            raise RuntimeError(f"it called {exit_call(error)}") from error
        except PluginInterrupted as error:
            raise PluginTimeout(f"it took longer than {self.seconds:g} seconds") from error

    def _guarded(self, *args: Any, **keywords: Any) -> Any:
        with running(self._name):
            return self._function(*args, **keywords)

    async def _call_in_thread(self, *args: Any, **keywords: Any) -> Any:
        loop, context = asyncio.get_running_loop(), contextvars.copy_context()
        outcome: asyncio.Future[tuple[Any, BaseException | None]] = loop.create_future()

        def finish(value: Any, error: BaseException | None) -> None:
            if not outcome.done():
                outcome.set_result((value, error))

        def work() -> None:
            value, error = _outcome_of(lambda: context.run(self._guarded, *args, **keywords))
            try:
                loop.call_soon_threadsafe(finish, value, error)
            except RuntimeError:
                return  # the run is over, and nobody waits for this any more

        thread = threading.Thread(target=work, name=f"maieutic {self._name}", daemon=True)
        thread.start()
        await asyncio.wait({outcome}, timeout=self.seconds)
        if not outcome.done():
            _interrupt(thread)
            raise PluginTimeout(f"it took longer than {self.seconds:g} seconds")
        value, error = outcome.result()
        if error is not None:
            raise error
        return value


async def _awaited(function: Callable[..., Any], args: Sequence[Any], keywords: Mapping[str, Any]) -> Any:
    """A coroutine function's result; a BaseException of its own is an error of the function too."""
    try:
        return await call_function(function, *args, **keywords)
    except (Exception, asyncio.CancelledError, PluginInterrupted):
        raise
    except BaseException as error:
        raise RuntimeError(f"it raised {error!r}") from error


def call_with_limit(name: str, function: Callable[[], T], seconds: float) -> T:
    """The result of a plain call that blocks the caller, such as an import. Raises PluginTimeout."""
    outcome: list[tuple[Any, BaseException | None]] = []

    def guarded() -> T:
        with running(name):
            return function()

    thread = threading.Thread(target=lambda: outcome.append(_outcome_of(guarded)), daemon=True)
    thread.start()
    thread.join(seconds)
    if not outcome:
        _interrupt(thread)
        raise PluginTimeout(f"it took longer than {seconds:g} seconds")
    value, error = outcome[0]
    if error is not None:
        raise error
    result: T = value
    return result


def _outcome_of(function: Callable[[], Any]) -> tuple[Any, BaseException | None]:
    """What a call returned or raised. A BaseException would end the thread, not the call."""
    try:
        return function(), None
    except BaseException as error:  # noqa: BLE001 - raised again by the caller
        return None, as_exception(error)


def _interrupt(thread: threading.Thread) -> None:
    if thread.is_alive() and thread.ident is not None:
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(PluginInterrupted))
