"""How many questions are asked at a time, and until when."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass


class DeadlinePassed(Exception):
    """The time for questions was over before this one was asked; nothing was spent on it."""


@dataclass(frozen=True, kw_only=True)
class WritingDeadline:
    """Where minutes are limited, writing may take a part of them alone, so that what was written can be measured.

    seats: as many as there are calls at a time; a question that waits for one is not under way yet. over: whether the
    time is up, for a question that begins a request (False) and for one of another kind that follows from its answers
    (True): reasons that nobody has time to act on were asked for in vain, so the second has longer.
    """

    slots: asyncio.Semaphore
    expired: Callable[[bool], bool]

    @asynccontextmanager
    async def slot(self, *, follows: bool) -> AsyncIterator[None]:
        """Take a seat for one question. Raises TimeUp where the time is up by then."""
        async with self.slots:
            if self.expired(follows):
                raise DeadlinePassed
            yield
