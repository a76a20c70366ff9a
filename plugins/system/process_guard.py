"""Stops code that is not Maieutic's from ending the process in silence, or from replacing Python's own functions.

`os._exit(0)` inside a metric would end a paid run with the status of a success. While such code runs it raises
`ProcessExit` instead, which is told like any other error of that code. A replaced `len` or `open` would change the run
itself, and the next plugin: it is put back after the call, and the code is named.

What this cannot do: code that leaves through C (`ctypes`) or kills its own process is not stopped. The store then shows
a run that has no end, and `maieutic resume` continues it.
"""

from __future__ import annotations

import builtins
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NoReturn

# What debuggers, tracers and shells replace in their ordinary work.
_REPLACEABLE = frozenset({"__import__", "__build_class__", "_", "breakpoint"})
# `execl`, `execvp` and the others call one of these two.
_ENDINGS = ("_exit", "abort", "execv", "execve")
_running: ContextVar[str] = ContextVar("maieutic_running", default="")
_process: list[int] = []


class PluginInterrupted(BaseException):
    """Raised inside a plugin whose time is over; no Exception, so that its own `except Exception` does not catch it."""


class ProcessExit(SystemExit):
    """Code called by the run tried to end the process."""


class ReplacedBuiltin(Exception):
    """Code called by the run replaced functions of Python itself."""


def exit_call(error: SystemExit) -> str:
    """The call that ended, or would have ended, the process."""
    if isinstance(error, ProcessExit):
        return str(error)
    return f"sys.exit({'' if error.code is None else repr(error.code)})"


@contextmanager
def running(name: str) -> Iterator[None]:
    """Run code that is not Maieutic's under this name. Raises ReplacedBuiltin at its end."""
    _install()
    before = dict(vars(builtins))
    token = _running.set(name)
    try:
        yield
    finally:
        _running.reset(token)
        if vars(builtins) != before:
            _put_back(before)


def _put_back(before: dict[str, Any]) -> None:
    current = vars(builtins)
    changed = sorted(
        name for name, value in before.items() if name not in _REPLACEABLE and current.get(name) is not value
    )
    for name in changed:
        setattr(builtins, name, before[name])
    if changed:
        names = ", ".join(changed)
        raise ReplacedBuiltin(f"it replaced {names} of Python's builtins; import what it needs under another name")


def _install() -> None:
    """Guard the calls that end a process, once for each process: a fork has its own."""
    if _process and _process[0] == os.getpid():
        return
    if not _process:
        for name in _ENDINGS:
            setattr(os, name, _guarded(name, getattr(os, name)))
    _process[:] = [os.getpid()]


def _guarded(name: str, end: Callable[..., NoReturn]) -> Callable[..., NoReturn]:
    def guarded(*args: Any, **keywords: Any) -> NoReturn:
        if _running.get() and os.getpid() == _process[0]:
            arguments = ", ".join(map(repr, args))
            raise ProcessExit(f"os.{name}({arguments})")
        end(*args, **keywords)

    guarded.__name__ = name
    return guarded
