"""Concurrency, retries and circuit breaking for the requests to one model."""

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
    """A source of time. Tests use their own, so that retries take no time."""

    def time(self) -> float: ...

    async def sleep(self, seconds: float) -> None: ...


class WallClock:
    """Monotonic time."""

    def time(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


@dataclass(frozen=True, kw_only=True)
class RetryPolicy:
    """Time-outs and retries.

    Attributes:
        timeout: seconds for one request. It doubles after each time-out, up to `max_timeout`, because a big model on
            the user's own machine may only be slow.
        max_attempts: requests for one call, the first included.
        initial_backoff: upper bound in seconds of the first wait between two attempts; it doubles up to `max_backoff`.
            A call fails if the endpoint requires a longer wait than `max_backoff`.
    """

    timeout: float = 120.0
    max_timeout: float = 480.0
    max_attempts: int = 5
    initial_backoff: float = 0.5
    max_backoff: float = 60.0
    clock: Clock = field(default_factory=WallClock)

    def timeout_after(self, timeouts: int) -> float:
        """Seconds for the next request of a call that timed out that many times."""
        return min(max(self.timeout, self.max_timeout), self.timeout * 2.0**timeouts)

    def backoff(self, failures: int, requested: float | None, rng: Random) -> float | None:
        """Seconds before the next attempt after that many failures; None to give up.

        Full jitter, so that callers that failed together do not retry together. A wait that the endpoint requires is
        only jittered upwards.
        """
        spread = rng.uniform(0, min(self.max_backoff, self.initial_backoff * 2.0 ** (failures - 1)))
        if requested is None:
            return spread
        return None if requested > self.max_backoff else requested + min(spread, self.initial_backoff)


class AdaptiveLimiter:
    """Limits one run's concurrent requests to one model.

    Additive increase, multiplicative decrease: a 429 or a time-out halves the limit, each reply raises it by a fraction
    up to `max_concurrency`. A wait that the endpoint requires delays all requests, because a request that is rejected
    counts against the budget too. After `_FAILURES_TO_OPEN` failed connections in a row the circuit opens: calls fail
    at once for `_OPEN_SECONDS`.
    """

    # A single dropped connection is common; five in a row mean that the server is down, and restarting it takes time.
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
        """How many requests may run now."""
        return int(self._limit)

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[int]:
        """Hold one of the concurrent slots, first come, first served; yields a ticket for `on_error`.

        Raises the last error while the circuit is open.
        """
        await self._acquire()
        try:
            self._raise_if_open()
            while (remaining := self._retry_after_until - self._clock.time()) > 0:
                await self._clock.sleep(remaining)
            yield self._reductions
        finally:
            self._active -= 1
            self._wake_waiters()

    def on_success(self) -> None:
        """A reply arrived: raise the limit."""
        self._unreachable_in_a_row = 0
        if self._limit < self._max_concurrency:
            self._limit = min(float(self._max_concurrency), self._limit + 1 / self._limit)
            self._wake_waiters()

    def on_error(self, failure: TransportError, ticket: int) -> None:
        """A request failed. Requests in flight together that meet the same 429 or time-out halve the limit once."""
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
