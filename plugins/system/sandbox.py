"""Runs third-party plugins so that one that hangs, raises or returns a wrong value is named and harms nothing else.

Why this much machinery: a run may have spent hours and money when a plugin fails. Guarantee L8 asks that the plugin is
then named, that nothing it was given has changed, and that the run goes on or ends resumable. Three things can go
wrong, and each has one answer here:

- It hangs, in a loop or in `time.sleep` inside async code. Each plugin works in a `PluginThread` with an event loop of
  its own and a time limit per call. Time that it spends waiting for a model or for the team does not count.
- It raises anything, SystemExit and its own BaseExceptions included, or calls `os._exit` (see `process_guard`). A
  `PluginProxy` stands between the run and the object; what it raises becomes a PluginError with distribution, version
  and method. Errors of the framework (a spent budget, a dead endpoint) and cancellation pass unchanged.
- It returns a value of another type, or one that the run cannot carry out: an unknown candidate, a Score of 7. The
  proxy checks each result against `contract_table`, by what the run knows.

What this cannot do: a thread that hangs inside C code cannot be stopped from Python. It is left behind, as a daemon.
It is no security boundary either: a plugin has all rights of the process.
"""

from __future__ import annotations

import asyncio
import ctypes
import inspect
import threading
import time
import weakref
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from concurrent.futures import Future
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

from ...core.errors import MaieuticError
from .contract_table import ContractSpec, MethodSpec, contract_of
from .discovery import Plugin, plugin_error, plugin_failure
from .hookspecs import Kind
from .process_guard import PluginInterrupted, running

T = TypeVar("T")
# A first wait this short costs a quick call nothing; later waits double, so a long call is seldom looked at.
_POLL_SECONDS = 0.05
_HOST_METHODS = ("act", "complete")
# What a plugin may declare beside its contract. From Python 3.12 `isinstance` with a protocol looks at the class only,
# so the proxy's class has to have what the object has.
_OPTIONAL_FIELDS = ("requires", "allows", "models")


class PluginTimeout(Exception):
    """A call into the plugin took longer than its limit."""


class HostLoop:
    """The way from a plugin's thread back to the event loop of the run, and the clock of one call."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._since: float | None = None
        self._waiting = 0

    def start_clock(self) -> None:
        self._since = time.monotonic()

    async def run_on_host(self, work: Coroutine[Any, Any, T]) -> T:
        """Await a coroutine of the run from inside the plugin's thread. The clock stands still meanwhile."""
        self._waiting += 1
        try:
            return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._loop))
        finally:
            self._waiting -= 1
            self.start_clock()

    def seconds_used(self) -> float | None:
        """Seconds of the plugin's own since it last waited for the run; None before it began."""
        if self._since is None:
            return None
        return 0.0 if self._waiting else time.monotonic() - self._since


class PluginThread:
    """A thread with an event loop that serializes the plain calls into one plugin and limits the time of each.

    A plugin therefore need not be thread-safe. Its async calls interleave as in any event loop.
    """

    def __init__(self, name: str, seconds: float) -> None:
        self.name, self.seconds = name, seconds
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._last_activity = time.monotonic()
        self._lock = threading.Lock()

    def call(self, function: Callable[..., T], *args: Any, **keywords: Any) -> T:
        """The result of a plain function, or what it raises. Raises PluginTimeout."""
        if threading.current_thread() is self._thread:
            return function(*args, **keywords)
        result: Future[T] = Future()

        def run() -> None:
            self._last_activity = time.monotonic()
            try:
                with running(self.name):
                    value = function(*args, **keywords)
                result.set_result(value)
            except BaseException as error:  # noqa: BLE001 - handed to the caller outside, SystemExit too
                result.set_exception(as_exception(error))

        loop = self._ensure_loop()
        loop.call_soon_threadsafe(run)
        try:
            return result.result(self.seconds)
        except TimeoutError:
            if result.done():
                raise
            self._interrupt(loop)
            raise PluginTimeout(f"it took longer than {self.seconds:g} seconds") from None

    async def run(self, work: Callable[[HostLoop], Awaitable[T]]) -> T:
        """The result of an async function, or what it raises. Raises PluginTimeout. Cancelling this cancels it."""
        host, loop = HostLoop(), self._ensure_loop()

        async def inside() -> T:
            self._last_activity = time.monotonic()
            host.start_clock()
            try:
                with running(self.name):
                    return await work(host)
            except (asyncio.CancelledError, PluginInterrupted):
                raise
            except BaseException as error:  # SystemExit and others would end the thread's loop, not the call
                raise as_exception(error, wrap_exit=True) from error
            finally:
                self._last_activity = time.monotonic()

        future = asyncio.wrap_future(asyncio.run_coroutine_threadsafe(inside(), loop))
        wait = min(self.seconds, _POLL_SECONDS)
        try:
            while not (await asyncio.wait({future}, timeout=wait))[0]:
                used = host.seconds_used()
                if (time.monotonic() - self._last_activity if used is None else used) >= self.seconds:
                    self._interrupt(loop)
                    raise PluginTimeout(f"it took longer than {self.seconds:g} seconds")
                wait = min(1.0, self.seconds, 2 * wait)
        except asyncio.CancelledError:
            future.cancel()
            raise
        if future.cancelled():
            if self._loop is not loop:
                raise PluginTimeout("another call of it took too long")
            raise RuntimeError("it raised CancelledError, and nobody had cancelled it")
        return future.result()

    def _ensure_loop(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._last_activity = time.monotonic()
                self._thread = threading.Thread(target=_run_loop, args=(self._loop,), name=self.name, daemon=True)
                self._thread.start()
                weakref.finalize(self, _stop_loop, self._loop)
            return self._loop

    def _interrupt(self, loop: asyncio.AbstractEventLoop) -> None:
        """Interrupt what runs on that loop. The next call gets a new thread."""
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


def as_exception(error: BaseException, *, wrap_exit: bool = False) -> BaseException:
    """What a plugin raised as something that only the call ends by: a BaseException of its own is a RuntimeError."""
    if isinstance(error, Exception | PluginInterrupted) or (isinstance(error, SystemExit) and not wrap_exit):
        return error
    failure = RuntimeError(f"it raised {error!r}")
    failure.__cause__ = error
    return failure


def _run_loop(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
    except PluginInterrupted:
        # It reached the loop itself, just after the plugin's code was done.
        loop.stop()
    finally:
        pending = asyncio.all_tasks(loop)
        for task in pending:
            task.cancel()
        if pending:
            loop.run_until_complete(asyncio.gather(*pending, return_exceptions=True))
        loop.close()


def _stop_loop(loop: asyncio.AbstractEventLoop) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(loop.stop)


def proxy_for(kind: Kind, name: str, instance: Any, plugin: Plugin, thread: PluginThread) -> Any:
    """An object with the same fields and methods as a plugin's. Recipes are data and need no proxy."""
    contract = contract_of(kind, instance)
    if contract is None:
        return instance
    optional = [field for field in _OPTIONAL_FIELDS if hasattr(instance, field)]
    return _proxy_class(contract, optional)(instance, f"{kind} {name!r}", plugin, thread)


class PluginProxy:
    """Everything beside the contract's own methods is read from the plugin's object as it is."""

    def __init__(self, instance: Any, label: str, plugin: Plugin, thread: PluginThread) -> None:
        self._instance, self._label, self._plugin, self._thread = instance, label, plugin, thread

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._instance, name)

    def _call_error(self, method: str, error: BaseException | str, possible: Sequence[str] = ()) -> MaieuticError:
        failure = plugin_failure(self._plugin, "call", error)
        what = f"the {self._label} failed in {method}: {failure.error}"
        return plugin_error(failure, what=what, possible=possible)

    def _checked_result(self, method: MethodSpec, arguments: Sequence[Any], value: Any) -> Any:
        if method.accepts is not None and not method.accepts(value):
            text = f"it returned {value!r:.200}, not {method.result_description}"
            raise self._call_error(method.name, text, (method.result_description,))
        if method.check is not None and (problem := method.check(arguments, value)) is not None:
            raise self._call_error(method.name, problem.text, problem.possible)
        return value


def _proxy_class(contract: ContractSpec, optional: Sequence[str]) -> type[PluginProxy]:
    methods = {
        method.name: _async_method(method) if method.is_async else _sync_method(method) for method in contract.methods
    }
    properties = {name: property(_field_reader(name)) for name in (*contract.fields, *optional)}
    return type(f"Guarded{contract.contract}", (PluginProxy,), {**properties, **methods})


def _field_reader(name: str) -> Callable[[PluginProxy], Any]:
    return lambda proxy: getattr(proxy._instance, name)


def _sync_method(method: MethodSpec) -> Callable[..., Any]:
    def call(self: PluginProxy, *args: Any, **keywords: Any) -> Any:
        try:
            value = self._thread.call(getattr(self._instance, method.name), *args, **keywords)
        except MaieuticError:
            raise
        except (Exception, SystemExit, PluginInterrupted) as error:
            raise self._call_error(method.name, error) from error
        return self._checked_result(method, args, value)

    return call


def _async_method(method: MethodSpec) -> Callable[..., Any]:
    async def call(self: PluginProxy, *args: Any, **keywords: Any) -> Any:
        async def inside(host: HostLoop) -> Any:
            arguments = [_host_service(value, host) for value in args]
            named = {name: _host_service(value, host) for name, value in keywords.items()}
            value = getattr(self._instance, method.name)(*arguments, **named)
            return await value if inspect.isawaitable(value) else value

        try:
            value = await self._thread.run(inside)
        except MaieuticError:
            raise
        except (Exception, SystemExit, PluginInterrupted) as error:
            text = str(error) if isinstance(error, PluginTimeout) else error
            raise self._call_error(method.name, text) from error
        return self._checked_result(method, args, value)

    return call


class _HostService:
    """A service of the run (a team, a gateway) as seen from a plugin's thread: its async methods run on the host."""

    def __init__(self, service: Any, host: HostLoop) -> None:
        self._service, self._host = service, host

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._service, name)
        return _on_host(value, self._host) if inspect.iscoroutinefunction(value) else value


def _on_host(function: Callable[..., Coroutine[Any, Any, Any]], host: HostLoop) -> Callable[..., Any]:
    async def call(*args: Any, **keywords: Any) -> Any:
        return await host.run_on_host(function(*args, **keywords))

    return call


def _host_service(value: Any, host: HostLoop) -> Any:
    """Wraps teams, gateways and async functions, alone or as fields of a dataclass. Everything else is plain data."""
    if inspect.iscoroutinefunction(value):
        return _on_host(value, host)
    if any(inspect.iscoroutinefunction(getattr(value, name, None)) for name in _HOST_METHODS):
        return _HostService(value, host)
    if is_dataclass(value) and not isinstance(value, type):
        current = {field.name: getattr(value, field.name) for field in fields(value) if field.init}
        wrapped = {name: _host_service_of_field(item, host) for name, item in current.items()}
        changed = {name: item for name, item in wrapped.items() if item is not current[name]}
        return replace(value, **changed) if changed else value
    return value


def _host_service_of_field(value: Any, host: HostLoop) -> Any:
    return value if is_dataclass(value) and not hasattr(value, "act") else _host_service(value, host)
