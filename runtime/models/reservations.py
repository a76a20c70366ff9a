"""What calls reserve of a run's budget before they are billed: their worst case, or what the endpoint billed before."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from ...core.budget import Cost, Ledger, Payer
from ...core.errors import BudgetSpent


class Reservations:
    """The reservations of one run's calls in flight.

    largest_bills: model → what an answer was billed beyond its worst case, which the next may be billed as well.
    """

    def __init__(self, ledger: Ledger, largest_bills: Mapping[str, Cost]) -> None:
        self._ledger = ledger
        self._largest_bills = dict(largest_bills)
        self._count = 0
        self._settled = asyncio.Event()
        self._lock = asyncio.Lock()

    def learn_bill(self, model: str, worst: Cost, bill: Cost) -> None:
        if bill.tokens > worst.tokens or bill.usd > worst.usd:
            known = self._largest_bills.get(model, Cost())
            tokens, usd = bill.tokens * (bill.tokens > worst.tokens), bill.usd * (bill.usd > worst.usd)
            self._largest_bills[model] = Cost(tokens=max(known.tokens, tokens), usd=max(known.usd, usd))

    def with_largest_bill(self, model: str, worst: Cost) -> Cost:
        """The worst case of a request, where the endpoint has billed more than that before: so much again."""
        bill = self._largest_bills.get(model)
        if bill is None:
            return worst
        return Cost(calls=worst.calls, tokens=max(worst.tokens, bill.tokens), usd=max(worst.usd, bill.usd))

    async def reserve(self, payer: Payer, worst: Cost) -> None:
        """Reserve the worst case in the ledger, first come, first served.

        Reservations in flight shrink when they are settled. A call is refused only if it does not fit beside settled
        calls, so that the concurrency makes no difference.
        """
        async with self._lock:
            while True:
                try:
                    self._ledger.reserve(payer, worst)
                except BudgetSpent:
                    if not self._count:
                        raise
                else:
                    self._count += 1
                    return
                await self._settled.wait()

    def settle(self, payer: Payer, worst: Cost, actual: Cost | None, *, cached: bool = False) -> None:
        """End a reservation by what the call used; None where it used nothing."""
        if actual is None:
            self._ledger.release(payer, worst)
        else:
            self._ledger.settle(payer, worst, actual, cached=cached)
        self._count -= 1
        self._settled.set()
        self._settled.clear()
