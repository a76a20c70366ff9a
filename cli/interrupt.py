"""Ctrl-C: the first one stops the run where it can be resumed, the second one exits at once."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Coroutine
from types import FrameType
from typing import Any, TypeVar

from ..core.errors import RunFailed
from .errors import EXIT_INTERRUPTED
from .printer import echo

T = TypeVar("T")


def run_until_interrupted(work: Coroutine[Any, Any, T], *, continue_with: Callable[[], str]) -> T | None:
    """The result of the work, or None if a person interrupted it.

    continue_with: the command that continues the work, called when it is known. Completed calls are durable by then,
    so exiting at once on the second signal loses only calls in flight. Raises RunFailed if code that the work called
    ends the process: its exit code is not one of ours, and 0 would mean that everything is done.
    """
    signals = [signal.SIGINT, signal.SIGTERM]
    previous_handlers = [signal.getsignal(number) for number in signals]
    try:
        with asyncio.Runner() as runner:
            loop = runner.get_loop()
            task = loop.create_task(work)
            interrupted = False

            def interrupt(number: int, frame: FrameType | None) -> None:
                nonlocal interrupted
                if interrupted:
                    os._exit(EXIT_INTERRUPTED)
                interrupted = True
                echo(f"stopping at the next safe point; resume with: {continue_with()}", err=True)
                loop.call_soon_threadsafe(task.cancel)

            for number in signals:
                signal.signal(number, interrupt)
            return runner.run(_result_or_none(task))
    except SystemExit as error:
        raise RunFailed(
            f"code called by the run ended the process: sys.exit({error.code!r})",
            remedy=f"raise an exception there instead, then: {continue_with()}",
        ) from error
    finally:
        for number, handler in zip(signals, previous_handlers, strict=True):
            signal.signal(number, handler)


async def _result_or_none(task: asyncio.Task[T]) -> T | None:
    """The task's result; None if it was cancelled."""
    try:
        return await task
    except asyncio.CancelledError:
        return None
