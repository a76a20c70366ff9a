"""How hard a model is pressed: how many requests at once, how long between retries, when to give up on it."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Protocol

from .lanes.lane import Failure


class Clock(Protocol):
    """Seconds that pass. Tests bring their own, so that nobody waits for a retry."""

    def time(self) -> float: ...

    async def sleep(self, seconds: float) -> None: ...


class WallClock:
    """The real one; its zero means nothing."""

    def time(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long to wait for a model.

    timeout: seconds for one request; after each that took longer it doubles, up to longest_timeout, since a big model
    on one's own machine is slow and not gone. attempts: requests for one call, the first included. first_wait: the
    most the first wait between two takes; it doubles up to longest_wait. An endpoint that asks for a longer wait than
    longest_wait is given up.
    """

    timeout: float = 120.0
    longest_timeout: float = 480.0
    attempts: int = 5
    first_wait: float = 0.5
    longest_wait: float = 60.0
    clock: Clock = field(default_factory=WallClock)

    def within(self, late: int) -> float:
        """Seconds for a request of a call that `late` requests were too slow for."""
        return min(max(self.timeout, self.longest_timeout), self.timeout * 2.0**late)

    def wait(self, failed: int, asked: float | None, rng: Random) -> float | None:
        """Seconds before the next attempt after `failed` failures, None to give up.

        Full jitter: callers that failed together do not come back together. What the endpoint asked for is kept
        to, and jittered upwards only.
        """
        spread = rng.uniform(0, min(self.longest_wait, self.first_wait * 2.0 ** (failed - 1)))
        if asked is None:
            return spread
        return None if asked > self.longest_wait else asked + min(spread, self.first_wait)


class Traffic:
    """The requests of one run to one model.

    At most `most` run at once. A 429 or a timeout halves that, every answer lets it grow back by a fraction, and the
    wait the endpoint asked for holds everyone back: a request sent into a closed door is paid from the budget all the
    same. After `_TRIPS` failed connections in a row callers fail at once, until the door is tried again.
    """

    _TRIPS = 5
    _COOLING = 30.0

    def __init__(self, most: int, clock: Clock) -> None:
        self._most = max(1, most)
        self._limit = float(self._most)
        self._clock = clock
        self._busy = 0
        self._queue: deque[asyncio.Future[None]] = deque()
        self._halvings = 0
        self._held_until = 0.0
        self._unreachable = 0
        self._closed_until = 0.0
        self._last: Failure | None = None

    @property
    def limit(self) -> int:
        """How many may run at once just now."""
        return int(self._limit)

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[int]:
        """A place among those that run, first come, first served; the number is for `failed`. Raises the last
        failure where connections keep failing."""
        await self._enter()
        try:
            self._refuse_if_closed()
            while (left := self._held_until - self._clock.time()) > 0:
                await self._clock.sleep(left)
            yield self._halvings
        finally:
            self._busy -= 1
            self._wake()

    def answered(self) -> None:
        """The endpoint gave an answer."""
        self._unreachable = 0
        if self._limit < self._most:
            self._limit = min(float(self._most), self._limit + 1 / self._limit)
            self._wake()

    def failed(self, failure: Failure, ticket: int) -> None:
        """Requests that were under way together and meet the same 429 or are too slow halve the limit once."""
        if failure.kind != "unreachable":
            self._unreachable = 0
        else:
            self._unreachable += 1
            if self._unreachable >= self._TRIPS:
                self._closed_until = self._clock.time() + self._COOLING
                self._last = failure
        if failure.kind in ("limited", "timeout"):
            if ticket == self._halvings:
                self._halvings += 1
                self._limit = max(1.0, self._limit / 2)
            if failure.retry_after:
                self._held_until = max(self._held_until, self._clock.time() + failure.retry_after)

    def _refuse_if_closed(self) -> None:
        if self._last is not None and self._clock.time() < self._closed_until:
            raise self._last.once_more()

    async def _enter(self) -> None:
        if not self._queue and self._busy < self.limit:
            self._busy += 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._busy -= 1
                self._wake()
            raise

    def _wake(self) -> None:
        while self._queue and self._busy < self.limit:
            turn = self._queue.popleft()
            if not turn.done():
                self._busy += 1
                turn.set_result(None)
