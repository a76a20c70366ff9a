"""Ctrl-C: once asks the run to stop where it can be resumed, twice leaves at once."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Coroutine
from types import FrameType
from typing import Any, TypeVar

import typer

from ..core.errors import RunFailed
from .errors import EXIT_INTERRUPTED

T = TypeVar("T")


def run_until_interrupted(work: Coroutine[Any, Any, T], *, goes_on_with: Callable[[], str]) -> T | None:
    """The result of the work, or None where a person interrupted it.

    goes_on_with: the command that takes the run up again, asked for when it is known. All that was paid for is
    durable by then, so leaving at once on the second signal loses only what is in flight. Raises RunFailed where code
    that the work called ends the process: its exit code is none of ours, and 0 would say that all is done.
    """
    signals = [signal.SIGINT, signal.SIGTERM]
    before = [signal.getsignal(one) for one in signals]
    try:
        with asyncio.Runner() as runner:
            loop = runner.get_loop()
            task = loop.create_task(work)
            asked = False

            def interrupt(number: int, frame: FrameType | None) -> None:
                nonlocal asked
                if asked:
                    os._exit(EXIT_INTERRUPTED)
                asked = True
                typer.echo(f"stopping at the next safe point; resume with: {goes_on_with()}", err=True)
                loop.call_soon_threadsafe(task.cancel)

            for one in signals:
                signal.signal(one, interrupt)
            return runner.run(_result_or_none(task))
    except SystemExit as error:
        raise RunFailed(
            f"code that was called here ended the process: sys.exit({error.code!r})",
            remedy=f"raise an exception there instead, then: {goes_on_with()}",
        ) from error
    finally:
        for one, handler in zip(signals, before, strict=True):
            signal.signal(one, handler)


async def _result_or_none(task: asyncio.Task[T]) -> T | None:
    """The task's result; None where it was cancelled, whatever it made of that."""
    try:
        return await task
    except asyncio.CancelledError:
        return None
