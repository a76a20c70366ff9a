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

from .transports.base import TransportError


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
class RetryPolicy:
    """How long to wait for a model.

    timeout: seconds for one request; after each that took longer it doubles, up to longest_timeout, since a big model
    on one's own machine is slow and not gone. attempts: requests for one call, the first included. first_wait: the
    most the first wait between two takes; it doubles up to longest_wait. An endpoint that asks for a longer wait than
    longest_wait is given up.
    """

    timeout: float = 120.0
    max_timeout: float = 480.0
    max_attempts: int = 5
    initial_backoff: float = 0.5
    max_backoff: float = 60.0
    clock: Clock = field(default_factory=WallClock)

    def timeout_after(self, late: int) -> float:
        """Seconds for a request of a call that `late` requests were too slow for."""
        return min(max(self.timeout, self.max_timeout), self.timeout * 2.0**late)

    def backoff(self, failed: int, asked: float | None, rng: Random) -> float | None:
        """Seconds before the next attempt after `failed` failures, None to give up.

        Full jitter: callers that failed together do not come back together. What the endpoint asked for is kept
        to, and jittered upwards only.
        """
        spread = rng.uniform(0, min(self.max_backoff, self.initial_backoff * 2.0 ** (failed - 1)))
        if asked is None:
            return spread
        return None if asked > self.max_backoff else asked + min(spread, self.initial_backoff)


class AdaptiveLimiter:
    """The requests of one run to one model.

    At most `most` run at once. A 429 or a timeout halves that, every answer lets it grow back by a fraction, and the
    wait the endpoint asked for holds everyone back: a request sent into a closed door is paid from the budget all the
    same. After `_TRIPS` failed connections in a row callers fail at once, until the door is tried again.
    """

    _FAILURES_TO_OPEN = 5
    _OPEN_SECONDS = 30.0

    def __init__(self, max_concurrency: int, clock: Clock) -> None:
        self._max_concurrency = max(1, max_concurrency)
        self._limit = float(self._max_concurrency)
        self._clock = clock
        self._active = 0
        self._queue: deque[asyncio.Future[None]] = deque()
        self._reductions = 0
        self._retry_after_until = 0.0
        self._unreachable_in_a_row = 0
        self._open_until = 0.0
        self._last_error: TransportError | None = None

    @property
    def limit(self) -> int:
        """How many may run at once just now."""
        return int(self._limit)

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[int]:
        """A place among those that run, first come, first served; the number is for `failed`. Raises the last
        failure where connections keep failing."""
        await self._acquire()
        try:
            self._raise_if_open()
            while (left := self._retry_after_until - self._clock.time()) > 0:
                await self._clock.sleep(left)
            yield self._reductions
        finally:
            self._active -= 1
            self._wake_waiters()

    def on_success(self) -> None:
        """The endpoint gave an answer."""
        self._unreachable_in_a_row = 0
        if self._limit < self._max_concurrency:
            self._limit = min(float(self._max_concurrency), self._limit + 1 / self._limit)
            self._wake_waiters()

    def on_error(self, failure: TransportError, ticket: int) -> None:
        """Requests that were under way together and meet the same 429 or are too slow halve the limit once."""
        if failure.kind != "unreachable":
            self._unreachable_in_a_row = 0
        else:
            self._unreachable_in_a_row += 1
            if self._unreachable_in_a_row >= self._FAILURES_TO_OPEN:
                self._open_until = self._clock.time() + self._OPEN_SECONDS
                self._last_error = failure
        if failure.kind in ("limited", "timeout"):
            if ticket == self._reductions:
                self._reductions += 1
                self._limit = max(1.0, self._limit / 2)
            if failure.retry_after:
                self._retry_after_until = max(self._retry_after_until, self._clock.time() + failure.retry_after)

    def _raise_if_open(self) -> None:
        if self._last_error is not None and self._clock.time() < self._open_until:
            raise self._last_error.as_rejected()

    async def _acquire(self) -> None:
        if not self._queue and self._active < self.limit:
            self._active += 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._active -= 1
                self._wake_waiters()
            raise

    def _wake_waiters(self) -> None:
        while self._queue and self._active < self.limit:
            turn = self._queue.popleft()
            if not turn.done():
                self._active += 1
                turn.set_result(None)
