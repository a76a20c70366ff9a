"""The only door to the models, bound to one run: cache, budget, retries, and one request for identical ones."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from ..core.budget import Cost, Ledger, Payer
from ..core.errors import BudgetSpent
from ..core.identity import digest, seeded
from ..core.models import Call, Reply, Role
from .door import Flight, ModelDoor
from .lanes.lane import Failure
from .lanes.likeness import cosines_of
from .limits import Patience, Traffic
from .store import Attempt, Store

__all__ = ["ModelDoor", "Patience", "RunGateway"]


@dataclass(frozen=True, kw_only=True)
class _Question:
    """Something to be asked for once: its address in the cache, its worst case, and how to ask, with the seconds it
    may take."""

    key: str
    model: str
    payer: Payer
    role: Role | Payer
    worst: Callable[[], Awaitable[Cost]]
    ask: Callable[[float], Awaitable[Reply]]


class RunGateway:
    """Implements `core.contracts.Gateway` for one run.

    Every request is written down before it is sent and reserved before it is written down; what came of it is
    settled in the ledger and durable in the store before the answer is handed out (L1, L3, L4). A retry is a
    request of its own.
    """

    def __init__(
        self,
        *,
        run: str,
        store: Store,
        ledger: Ledger,
        door: ModelDoor,
        concurrency: int,
        patience: Patience | None = None,
    ) -> None:
        self.run = run
        self._store = store
        self.ledger = ledger
        self._door = door
        self._concurrency = concurrency
        self._patience = patience or Patience()
        self._rng = seeded(0, "retries", run)
        self._traffic: dict[str, Traffic] = {}
        self._flights: set[Flight] = set()
        self._reserved = 0
        self._settled = asyncio.Event()
        self._turn = asyncio.Lock()

    async def complete(self, call: Call, payer: Payer, *, role: Role | None = None) -> Reply:
        """The answer, paid for at most once. Raises ModelError when the endpoint is unusable, BudgetSpent when the
        call does not fit; no answer is ever made up."""
        return await self._once(
            _Question(
                key=call.key,
                model=str(call.model),
                payer=payer,
                role=role or payer,
                worst=lambda: self._door.worst(call),
                ask=lambda within: self._door.send(call, within),
            )
        )

    async def loss(self, call: Call, reference: str, payer: Payer = "target") -> float:
        """Mean negative log-likelihood of `reference` after the messages, in nats per token, >= 0.

        One request, cached and charged like any other. Raises NeedsError where the model does not declare `loss`.
        """
        reply = await self._once(
            _Question(
                key=digest({"loss": call.key, "reference": reference}),
                model=str(call.model),
                payer=payer,
                role=payer,
                worst=lambda: self._door.worst(call, reference),
                ask=lambda within: self._door.loss(call, reference, within),
            )
        )
        return float(reply.text)

    async def likeness(self, call: Call, payer: Payer = "optimizer") -> tuple[float, ...]:
        """Cosines of the embeddings of the first message's text and each of the others, in [-1, 1].

        One request, cached and charged like any other. Raises NeedsError where the model gives no embeddings.
        """
        reply = await self._once(
            _Question(
                key=digest({"likeness": call.key}),
                model=str(call.model),
                payer=payer,
                role=payer,
                worst=lambda: self._door.worst(call),
                ask=lambda within: self._door.likeness(call, within),
            )
        )
        return cosines_of(reply)

    async def aclose(self) -> None:
        """Give up what is under way; the door stays open for other runs."""
        under_way = tuple(self._flights)
        for flight in under_way:
            flight.given_up = True
            flight.task.cancel()
        await asyncio.gather(*(flight.task for flight in under_way), return_exceptions=True)

    async def _once(self, question: _Question) -> Reply:
        """Whoever asks first asks; who asks the same meanwhile waits for that answer. It is given up when nobody
        waits any more."""
        place = (self._store.path, question.key)
        while True:
            flight = self._door.flights.get(place)
            mine = False
            if flight is None or flight.task.done():
                flight, mine = self._take_off(place, question), True
            flight.waiting += 1
            try:
                reply = await asyncio.shield(flight.task)
            except asyncio.CancelledError:
                if _is_cancelled() or (flight.given_up and flight.run == self.run):
                    raise
                continue  # those who waited for it were cancelled, this one was not: it asks again
            except BudgetSpent:
                if flight.run == self.run:
                    raise
                continue  # another run's budget says nothing about this one's
            finally:
                flight.waiting -= 1
                if not flight.waiting and not flight.task.done():
                    flight.task.cancel()
            if flight.run == self.run:
                return reply if mine else reply.model_copy(update={"cached": True})

    def _take_off(self, place: tuple[Path, str], question: _Question) -> Flight:
        flights = self._door.flights
        task = asyncio.create_task(self._obtain(question))
        flight = Flight(task=task, run=self.run)
        flights[place] = flight
        self._flights.add(flight)

        def land(done: asyncio.Task[Reply]) -> None:
            self._flights.discard(flight)
            if flights.get(place) is flight:
                del flights[place]
            if not done.cancelled():
                done.exception()  # where everybody who waited was cancelled, nobody else looks at it

        task.add_done_callback(land)
        return flight

    async def _obtain(self, question: _Question) -> Reply:
        known = self._store.cached(question.key)
        if known is not None and self._store.charged(self.run, question.key):
            return known
        worst = await question.worst()
        if known is None:
            return await self._buy(question, worst)
        # At its worst, like a call that is paid for: what fits must not depend on what the cache holds (L6).
        await self._reserve(question.payer, worst)
        cost = Cost(calls=1, tokens=known.tokens, usd=known.usd)
        self._settle(question.payer, worst, cost, cached=True)
        await self._store.charge_cached(self.run, question.key, question.payer, cost)
        return known

    async def _buy(self, question: _Question, worst: Cost) -> Reply:
        traffic = self._traffic.get(question.model)
        if traffic is None:
            traffic = self._traffic[question.model] = Traffic(self._concurrency, self._patience.clock)
        failed = late = 0
        while True:
            # Reserved before it waits for a place: whether it fits is decided in the order in which calls were asked.
            await self._reserve(question.payer, worst)
            waits = True
            try:
                async with traffic.slot() as ticket:
                    waits = False
                    attempt, outcome = await self._attempt(question, worst, self._patience.within(late))
            finally:
                if waits:
                    self._settle(question.payer, worst, None)
            # The endpoint is done with it: the next request need not wait until this answer is on the disk.
            await self._record(attempt, outcome)
            if isinstance(outcome, Reply):
                traffic.answered()
                return outcome
            failed += 1
            late += outcome.kind == "timeout"
            traffic.failed(outcome, ticket)
            wait = self._patience.wait(failed, outcome.retry_after, self._rng)
            if not outcome.retryable or failed >= self._patience.attempts or wait is None:
                raise outcome.after(failed) from outcome
            await self._patience.clock.sleep(wait)

    async def _attempt(self, question: _Question, worst: Cost, within: float) -> tuple[int, Reply | Failure]:
        """One request, with its reservation already made, and what it is called in the store. Whoever is cancelled
        here leaves an attempt without an answer: it is counted as lost, here and in the store."""
        payer = question.payer
        try:
            attempt = await self._store.begin_attempt(
                Attempt(
                    run=self.run, key=question.key, model=question.model, payer=payer, role=question.role, worst=worst
                )
            )
            reply = await question.ask(within)
        except Failure as failure:
            self._settle(payer, worst, None if failure.kind == "unreachable" else Cost(calls=1))
            return attempt, failure
        except BaseException:
            self._settle(payer, worst, None)
            self.ledger.lost += 1
            raise
        self._settle(payer, worst, Cost(calls=1, tokens=reply.tokens, usd=reply.usd))
        return attempt, reply

    async def _record(self, attempt: int, outcome: Reply | Failure) -> None:
        """The same in the store as in the ledger. Who is cancelled while this is being written has it written."""
        if isinstance(outcome, Reply):
            await self._store.finish_attempt(attempt, reply=outcome, error=None)
        elif outcome.kind == "unreachable":
            await self._store.withdraw_attempt(attempt, outcome.what)
        else:
            await self._store.finish_attempt(attempt, reply=None, error=outcome.what)

    async def _reserve(self, payer: Payer, worst: Cost) -> None:
        """Set the worst case aside. While others are under way their worst cases may still shrink to what they took,
        so that only a call that does not fit beside settled ones is refused, whatever the concurrency. First come,
        first served: a small call does not overtake one that waits."""
        async with self._turn:
            while True:
                try:
                    self.ledger.reserve(payer, worst)
                except BudgetSpent:
                    if not self._reserved:
                        raise
                else:
                    self._reserved += 1
                    return
                await self._settled.wait()

    def _settle(self, payer: Payer, worst: Cost, actual: Cost | None, *, cached: bool = False) -> None:
        if actual is None:
            self.ledger.release(payer, worst)
        else:
            self.ledger.settle(payer, worst, actual, cached=cached)
        self._reserved -= 1
        self._settled.set()
        self._settled.clear()


def _is_cancelled() -> bool:
    current = asyncio.current_task()
    return current is not None and current.cancelling() > 0
