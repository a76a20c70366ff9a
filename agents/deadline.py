"""How many questions are asked at a time, and until when."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass


class DeadlinePassed(Exception):
    """The deadline passed before the question was asked. Nothing was spent on it."""


@dataclass(frozen=True, kw_only=True)
class WritingDeadline:
    """Stops optimizer questions so that measuring has time left, if minutes are limited.

    Attributes:
        slots: As many as there are calls at a time. A question that waits for a slot has not started.
        expired: Whether the time is over. Its argument tells whether the question follows from earlier answers of its
            request. Such follow-up questions get longer: reasons that nobody has time to act on are wasted.
    """

    slots: asyncio.Semaphore
    expired: Callable[[bool], bool]

    @asynccontextmanager
    async def slot(self, *, is_followup: bool) -> AsyncIterator[None]:
        """Wait for a slot for one question. Raises DeadlinePassed if the time is over by then."""
        async with self.slots:
            if self.expired(is_followup):
                raise DeadlinePassed
            yield
