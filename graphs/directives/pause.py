"""Pause and resume: a pause takes effect before the next request, and no decision depends on it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any

from ...core.directives import Directive, Pause, Resume, Stop
from ..run_context import RunContext
from .result import DirectiveResult, record_directive

# Directives may come from any process, through the store; nobody notices a fifth of a second.
POLL_SECONDS = 0.2


async def wait_while_paused(context: RunContext, state: Mapping[str, Any]) -> None:
    """Return at once where the run is not paused, else after a resume or stop.

    The directives stay in the store; the next boundary applies them in their order. The wait is no time of the run.
    """
    wait_start, last_pause = time.monotonic(), 0
    while pause := active_pause(context.store.directives(context.run, after=state.get("directive", 0))):
        if pause != last_pause:
            last_pause = pause
            await enter_pause(context, state.get("step", 0), pause)
        await asyncio.sleep(POLL_SECONDS)
    if last_pause:
        await _leave_pause(context, state, wait_start)


def active_pause(directives: Sequence[tuple[int, Directive]]) -> int:
    """The number of the pause that holds after the directives, 0 where none does."""
    pause = 0
    for number, directive in directives:
        if isinstance(directive, Pause):
            pause = number
        elif isinstance(directive, Resume | Stop):
            pause = 0
    return pause


def stop_requested(context: RunContext, state: Mapping[str, Any]) -> bool:
    """Whether a person ended the search; the next boundary applies it."""
    directives = context.store.directives(context.run, after=state.get("directive", 0))
    return any(isinstance(directive, Stop) for _, directive in directives)


async def enter_pause(context: RunContext, step: int, number: int) -> None:
    await record_directive(context, step, number, Pause(), DirectiveResult())
    await context.emit("run_paused", step, f"{number}@{context.resume_count}")
    await context.store.update_run(context.run, state="paused")


async def _leave_pause(context: RunContext, state: Mapping[str, Any], wait_start: float) -> None:
    context.started_at += time.monotonic() - wait_start
    for number, directive in context.store.directives(context.run, after=state.get("directive", 0)):
        if isinstance(directive, Resume):
            await record_directive(context, state.get("step", 0), number, directive, DirectiveResult())
    await context.store.update_run(context.run, state="running")
