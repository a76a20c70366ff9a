"""One run's access to the models: cache, budget, retries, and one request for identical concurrent calls."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...core.budget import Cost, Ledger, Payer
from ...core.errors import BudgetSpent, RunFailed
from ...core.identity import digest, seeded_random
from ...core.models import Call, Reply, Role
from ..store import Attempt, Store
from .client import InFlightRequest, ModelClient
from .leased_answers import lease_seconds, leased_answer
from .reservations import Reservations
from .throttle import AdaptiveLimiter, RetryPolicy
from .transports.base import TransportError
from .transports.embeddings import similarities_from

__all__ = ["ModelClient", "RetryPolicy", "RunGateway"]


# A paid answer is worth a short wait when its run ends; whoever pressed Ctrl-C takes a longer one for a hang.
SETTLE_SECONDS = 5.0


@dataclass(frozen=True, kw_only=True)
class _ModelRequest:
    """A request with its cache key, its worst case, and a function that sends it with a time limit in seconds.

    time_limit: the model's own, where it has one.
    """

    key: str
    model: str
    payer: Payer
    role: Role | Payer
    worst_case: Callable[[], Awaitable[Cost]]
    send: Callable[[float], Awaitable[Reply]]
    time_limit: float | None = None


class RunGateway:
    """Implements `core.protocols.Gateway` for one run.

    Each request is first reserved in the ledger, then recorded in the store, then sent. Its outcome is settled in the
    ledger and durable in the store before the caller gets the reply (L1, L3, L4). A retry is a request of its own.
    """

    def __init__(
        self,
        *,
        run: str,
        store: Store,
        ledger: Ledger,
        client: ModelClient,
        concurrency: int,
        retry_policy: RetryPolicy | None = None,
        settle_seconds: float = SETTLE_SECONDS,
    ) -> None:
        self.run = run
        self._store = store
        self.ledger = ledger
        self._client = client
        self._concurrency = concurrency
        self._retry_policy = retry_policy or RetryPolicy()
        self._settle_seconds = settle_seconds
        self._rng = seeded_random(0, "retries", run)
        self._limiters: dict[str, AdaptiveLimiter] = {}
        self._in_flight: set[InFlightRequest] = set()
        self._reservations = Reservations(ledger, store.largest_bills(run))
        # Looked at before each request: whether the time for the search is over.
        self.is_out_of_time: Callable[[], bool] = lambda: False

    async def complete(self, call: Call, payer: Payer, *, role: Role | None = None) -> Reply:
        """The model's reply, paid for at most once.

        Raises ModelError when the endpoint is unusable and BudgetSpent when the call does not fit into the budget.
        """
        return await self._deduplicated(
            _ModelRequest(
                key=call.key,
                model=str(call.model),
                payer=payer,
                role=role or payer,
                worst_case=lambda: self._client.worst_case(call),
                send=lambda timeout_seconds: self._client.send(call, timeout_seconds),
                time_limit=call.model.options.timeout,
            )
        )

    async def loss(self, call: Call, reference: str, payer: Payer = "target") -> float:
        """Mean negative log-likelihood of `reference` after the messages, in nats per token, >= 0.

        One request, cached and charged like any other. Raises NeedsError where the model does not declare `loss`.
        """
        reply = await self._deduplicated(
            _ModelRequest(
                key=digest({"loss": call.key, "reference": reference}),
                model=str(call.model),
                payer=payer,
                role=payer,
                worst_case=lambda: self._client.worst_case(call, reference),
                send=lambda timeout_seconds: self._client.loss(call, reference, timeout_seconds),
            )
        )
        return float(reply.text)

    async def similarities(self, call: Call, payer: Payer = "optimizer") -> tuple[float, ...]:
        """Cosines of the embeddings of the first message's text and each of the others, in [-1, 1].

        One request, cached and charged like any other. Raises NeedsError where the model gives no embeddings.
        """
        reply = await self._deduplicated(
            _ModelRequest(
                key=digest({"likeness": call.key}),
                model=str(call.model),
                payer=payer,
                role=payer,
                worst_case=lambda: self._client.worst_case(call),
                send=lambda timeout_seconds: self._client.similarities(call, timeout_seconds),
            )
        )
        return similarities_from(reply)

    async def run_counted(
        self, name: str, key: Mapping[str, Any], work: Callable[[], Awaitable[str]], payer: Payer = "target"
    ) -> Reply:
        """Work of the caller's as one call: reserved, counted, stored with its text, and done once for each key.

        What a function of the caller's answers may change between runs, so that the key holds within this run alone: a
        resumed run has the text, another one does the work itself. Work that raises is not stored.
        """

        async def send(timeout_seconds: float) -> Reply:
            return Reply(text=await work())

        async def worst_case() -> Cost:
            return Cost(calls=1)

        return await self._deduplicated(
            _ModelRequest(
                key=digest({"work": name, "run": self.run, **key}),
                model=name,
                payer=payer,
                role=payer,
                worst_case=worst_case,
                send=send,
            )
        )

    async def charge_own_calls(self, key: str, calls: int, *, sent: bool = False) -> None:
        """Charge calls that a target makes past this gateway, once for each key.

        sent: they were made already, and are charged whether they fit or not. Otherwise raises BudgetSpent.
        """
        if self._store.is_charged(self.run, key):
            return
        cost = Cost(calls=calls)
        if not sent:
            await self._reservations.reserve("target", cost)
            self._reservations.settle("target", cost, cost, cached=True)
        else:
            self.ledger.settle("target", Cost(), cost, cached=True)
        await self._store.charge_cached(self.run, key, "target", cost)

    async def aclose(self) -> None:
        """Settle this run's requests in flight. The shared client stays open for other runs."""
        await self.settle()

    async def settle(self) -> None:
        """Wait up to `settle_seconds` until the answers to sent requests are stored, since they are paid for; then
        cancel the rest. Requests that were not sent are cancelled at once."""
        requests = tuple(self._in_flight)
        if not requests:
            return
        for pending in requests:
            pending.abandoned = True
            if not pending.sent:
                pending.task.cancel()
        tasks = [pending.task for pending in requests]
        try:
            await asyncio.wait(tasks, timeout=self._settle_seconds)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _deduplicated(self, request: _ModelRequest) -> Reply:
        """Send the request, or wait for an identical one in flight.

        When no caller waits any more it is cancelled, one that was sent after a while: its answer may still come.
        """
        key = (self._store.path, request.key)
        while True:
            pending = self._client.in_flight.get(key)
            is_sender = False
            if pending is None or pending.task.done():
                pending, is_sender = self._start_request(key, request), True
            pending.waiters += 1
            try:
                reply = await asyncio.shield(pending.task)
            except asyncio.CancelledError:
                if _is_cancelled() or (pending.abandoned and pending.run == self.run):
                    raise
                continue  # the other callers were cancelled, and the request with them: send it again
            except BudgetSpent:
                if pending.run == self.run:
                    raise
                continue  # another run's budget was spent, not this one's
            finally:
                pending.waiters -= 1
                if not pending.waiters and not pending.task.done():
                    if pending.sent:
                        asyncio.get_running_loop().call_later(self._settle_seconds, pending.give_up)
                    else:
                        pending.task.cancel()
            if pending.run == self.run:
                return reply if is_sender else reply.model_copy(update={"cached": True})

    def _start_request(self, key: tuple[Path, str], request: _ModelRequest) -> InFlightRequest:
        requests = self._client.in_flight
        pending = InFlightRequest(run=self.run)
        pending.task = task = asyncio.create_task(self._from_cache_or_send(request, pending))
        requests[key] = pending
        self._in_flight.add(pending)

        def on_done(done: asyncio.Task[Reply]) -> None:
            self._in_flight.discard(pending)
            if requests.get(key) is pending:
                del requests[key]
            if not done.cancelled():
                done.exception()  # marks it as retrieved, since every caller may have been cancelled

        task.add_done_callback(on_done)
        return pending

    async def _from_cache_or_send(self, request: _ModelRequest, pending: InFlightRequest) -> Reply:
        reply = self._store.cached_reply(request.key)
        if reply is not None and self._store.is_charged(self.run, request.key):
            return reply
        worst = self._reservations.with_largest_bill(request.model, await request.worst_case())
        if reply is None:
            return await self._send_with_retries(request, worst, pending)
        # Reserve the worst case, as for a paid call: what fits must not depend on the cache (L6).
        await self._reservations.reserve(request.payer, worst)
        return await self._use_cached(request, worst, reply)

    async def _send_with_retries(self, request: _ModelRequest, worst: Cost, pending: InFlightRequest) -> Reply:
        limiter = self._limiters.get(request.model)
        if limiter is None:
            limiter = self._limiters[request.model] = AdaptiveLimiter(self._concurrency, self._retry_policy.clock)
        failures = timeouts = 0
        while True:
            self._check_time()
            # Reserve before waiting for a slot, so that the order of the calls decides which of them fit.
            worst = self._reservations.with_largest_bill(request.model, worst)
            await self._reservations.reserve(request.payer, worst)
            is_waiting = True
            try:
                async with limiter.slot() as ticket:
                    self._check_time()
                    is_waiting = False
                    timeout_seconds = self._retry_policy.timeout_after(timeouts)
                    attempt, outcome = await self._attempt(request, worst, timeout_seconds, pending)
            finally:
                if is_waiting:
                    self._reservations.settle(request.payer, worst, None)
            if outcome is None:
                if (reply := await self._await_other_process(request, worst)) is not None:
                    return reply
                continue
            # The slot is free again: the next request need not wait until this reply is on disk.
            await self._record_outcome(attempt, outcome)
            pending.sent = False
            if isinstance(outcome, Reply):
                limiter.on_success()
                return outcome
            failures += 1
            timeouts += outcome.kind == "timeout"
            limiter.on_error(outcome, ticket)
            wait = self._retry_policy.backoff(failures, outcome.retry_after, self._rng)
            if pending.unwanted or not outcome.retryable or failures >= self._retry_policy.max_attempts or wait is None:
                raise outcome.as_final_error(failures) from outcome
            await self._retry_policy.clock.sleep(wait)

    async def _await_other_process(self, request: _ModelRequest, worst: Cost) -> Reply | None:
        """The answer that another process is asking for, used as one from the cache; None where it gets none. The
        reservation ends either way."""
        reply = None
        try:
            reply = await leased_answer(self._store, request.key, self.run, self._check_time)
        finally:
            if reply is None:
                self._reservations.settle(request.payer, worst, None)
        return None if reply is None else await self._use_cached(request, worst, reply)

    async def _use_cached(self, request: _ModelRequest, worst: Cost, reply: Reply) -> Reply:
        """Settle the reservation by an answer that is paid for already."""
        cost = Cost(calls=1, tokens=reply.tokens, usd=reply.usd)
        self._reservations.learn_bill(request.model, worst, cost)  # as when it was paid (L6)
        self._reservations.settle(request.payer, worst, cost, cached=True)
        await self._store.charge_cached(self.run, request.key, request.payer, cost)
        return reply

    async def _attempt(
        self, request: _ModelRequest, worst: Cost, timeout_seconds: float, pending: InFlightRequest
    ) -> tuple[int, Reply | TransportError | None]:
        """Send one reserved request; returns its id in the store and its outcome. The outcome is None, and the
        reservation stays, where the answer is there or another process is asking for it.

        A cancellation here leaves an attempt without an outcome. It counts as lost, here and in the store.
        """
        payer, pending.sent = request.payer, True
        try:
            attempt_id = await self._store.begin_leased_attempt(
                Attempt(
                    run=self.run, key=request.key, model=request.model, payer=payer, role=request.role, worst=worst
                ),
                lease_seconds(timeout_seconds, request.time_limit),
            )
            if attempt_id is None:
                pending.sent = False
                return 0, None
            attempt = attempt_id
            if pending.unwanted:
                await self._store.withdraw_attempt(attempt, "its run ended before it was sent")
                pending.sent = False
                raise asyncio.CancelledError
            reply = self._store.storable_reply(await request.send(timeout_seconds), request.model)
        except TransportError as failure:
            self._reservations.settle(payer, worst, None if failure.kind == "unreachable" else Cost(calls=1))
            return attempt, failure
        except BaseException:
            self._reservations.settle(payer, worst, None)
            self.ledger.lost += pending.sent
            with suppress(RunFailed):  # the store was closed
                await self._store.release_lease(request.key, self.run)
            raise
        bill = Cost(calls=1, tokens=reply.tokens, usd=reply.usd)
        self._reservations.learn_bill(request.model, worst, bill)
        self._reservations.settle(payer, worst, bill)
        return attempt, reply

    def _check_time(self) -> None:
        if self.is_out_of_time():
            raise BudgetSpent("the minutes are used up")

    async def _record_outcome(self, attempt: int, outcome: Reply | TransportError) -> None:
        """Store the outcome that the ledger already has. The write completes even if the caller is cancelled."""
        if isinstance(outcome, Reply):
            await self._store.finish_attempt(attempt, reply=outcome, error=None)
        elif outcome.kind == "unreachable":
            await self._store.withdraw_attempt(attempt, outcome.what)
        else:
            await self._store.finish_attempt(attempt, reply=None, error=outcome.what)


def _is_cancelled() -> bool:
    current = asyncio.current_task()
    return current is not None and current.cancelling() > 0
