"""Holding a run: a pause takes effect before the next thing that would be asked, and no decision depends on it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any

from ...core.directives import Pause, Resume, Stop
from ..run_context import RunContext
from .result import DirectiveResult, record_directive

POLL_SECONDS = 0.2


async def wait_while_paused(session: RunContext, state: Mapping[str, Any]) -> None:
    """Return at once where the run is not paused, else when a person says resume or stop.

    The directives stay where they are: the next boundary takes them in their order. Time that is waited is no time of
    the run.
    """
    since, number = time.monotonic(), 0
    while held := active_pause(session, state.get("directive", 0)):
        if held != number:
            number = held
            await enter_pause(session, state.get("step", 0), number)
        await asyncio.sleep(POLL_SECONDS)
    if number:
        await leave_pause(session, state, since)


def active_pause(session: RunContext, after: int) -> int:
    """The number of the pause that holds the run now, 0 where none does."""
    number = 0
    for told, directive in session.store.directives(session.run, after=after):
        if isinstance(directive, Pause):
            number = told
        elif isinstance(directive, Resume | Stop):
            number = 0
    return number


def stop_requested(session: RunContext, state: Mapping[str, Any]) -> bool:
    """Whether a person ended the search, which the next boundary will say."""
    told = session.store.directives(session.run, after=state.get("directive", 0))
    return any(isinstance(directive, Stop) for _, directive in told)


async def enter_pause(session: RunContext, step: int, number: int) -> None:
    await record_directive(session, step, number, Pause(), DirectiveResult())
    await session.emit("run_paused", step, f"{number}@{session.resume_count}")
    await session.store.update_run(session.run, state="paused")


async def leave_pause(session: RunContext, state: Mapping[str, Any], since: float) -> None:
    session.started_at += time.monotonic() - since
    for number, directive in session.store.directives(session.run, after=state.get("directive", 0)):
        if isinstance(directive, Resume):
            await record_directive(session, state.get("step", 0), number, directive, DirectiveResult())
    await session.store.update_run(session.run, state="running")
