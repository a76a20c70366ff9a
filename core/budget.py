"""What may be spent, what was spent, and the gate between the two.

A call's worst case is reserved before it is sent and settled after, so the ledger never passes the budget.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from .errors import BudgetSpent, TaskError

Payer = Literal["target", "optimizer"]

_MAX_RESERVE_SHARE = 0.4
_RESERVE_MARGIN = 1.5


def fair_shares(wanted: Sequence[int], room: int) -> list[int]:
    """`room` dealt out so that who wants least gets it whole, and the others as much as one another (max-min fair).

    Whole numbers >= 0; their sum is at most `room`, and nobody gets more than was wanted.
    """
    shares, left = [0] * len(wanted), room
    for done, place in enumerate(sorted(range(len(wanted)), key=lambda at: wanted[at])):
        shares[place] = min(wanted[place], left // (len(wanted) - done))
        left -= shares[place]
    return shares


class Budget(BaseModel):
    """Hard limits over all roles of a run; None is no limit.

    calls: all calls, the sealed test included. target_calls: calls of the target while it searches; the sealed
    test comes on top. tokens: prompt and completion. usd: by litellm's price table, 0 for local models.
    minutes: wall clock over all sessions of the run; what is in flight may finish.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    calls: int | None = None
    target_calls: int | None = None
    tokens: int | None = None
    usd: float | None = None
    minutes: float | None = None

    def check(self) -> None:
        """Raise TaskError for a limit of zero or less, one that is no finite number, or for no limit at all."""
        limits = self.model_dump(exclude_none=True)
        for name, value in limits.items():
            if not math.isfinite(value) or value <= 0:
                says = "leaves nothing to spend" if value <= 0 else "limits nothing"
                raise TaskError(
                    f"a budget of {value} {name} {says}",
                    where=f"--{name.replace('_', '-')}",
                    possible=("any finite number above 0",),
                )
        if not limits:
            raise TaskError("no budget was set", where="budget", possible=tuple(Budget.model_fields))


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one call, or many, took. Every call of a run is added up several times, so it is no pydantic model; where it
    is part of one, it is validated like one."""

    calls: Annotated[int, Field(ge=0)] = 0
    tokens: Annotated[int, Field(ge=0)] = 0
    usd: Annotated[float, Field(ge=0)] = 0.0

    def __add__(self, other: Cost) -> Cost:
        return Cost(calls=self.calls + other.calls, tokens=self.tokens + other.tokens, usd=self.usd + other.usd)

    def __sub__(self, other: Cost) -> Cost:
        return Cost(
            calls=max(0, self.calls - other.calls),
            tokens=max(0, self.tokens - other.tokens),
            usd=max(0.0, self.usd - other.usd),
        )


class LedgerView(BaseModel):
    """A snapshot, JSON, for state, events and screens.

    used: what this run consumed, answers taken from the cache of earlier runs included; it is what the budget
    limits, so that a run ends the same whether the cache is warm or cold. paid: what the endpoint was asked for.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    used: Mapping[Payer, Cost] = Field(default_factory=dict)
    paid: Mapping[Payer, Cost] = Field(default_factory=dict)
    lost: int = 0
    seconds: float = 0.0

    @property
    def total(self) -> Cost:
        return sum(self.used.values(), Cost())

    @property
    def total_paid(self) -> Cost:
        return sum(self.paid.values(), Cost())


@dataclass
class Ledger:
    """The running account of one run. Not thread-safe: it lives in the event loop that spends.

    `sealed` opens the part that `hold_back` kept for the report.
    """

    budget: Budget
    used: dict[Payer, Cost] = field(default_factory=dict)
    paid: dict[Payer, Cost] = field(default_factory=dict)
    reserved: dict[Payer, Cost] = field(default_factory=dict)
    lost: int = 0
    reserved_for_test: int = 0
    test_opened: bool = False

    def reserve_for_test(self, calls: int) -> None:
        """Keep calls for the report, and what they will take of tokens and money; while searching, they count as
        spent."""
        self.reserved_for_test = calls

    def open_test_reserve(self) -> None:
        """From here on the held-back calls may be spent, and `target_calls` limits no more."""
        self.test_opened = True

    def calls_left(self, payer: Payer) -> int:
        """How many calls of this payer still fit, by the limits on calls alone."""
        limits = [2**31]
        spent = self._committed()
        if self.budget.calls is not None:
            limits.append(self.budget.calls - spent.calls - (0 if self.test_opened else self.reserved_for_test))
        if self.budget.target_calls is not None and payer == "target" and not self.test_opened:
            limits.append(self.budget.target_calls - self._committed_by("target").calls)
        return max(0, min(limits))

    def fits(self, payer: Payer, worst: Cost) -> bool:
        spent = self._committed()
        if worst.calls > self.calls_left(payer):
            return False
        tokens, usd = self.limit_left("tokens"), self.limit_left("usd")
        if tokens is not None and spent.tokens + worst.tokens > tokens:
            return False
        return usd is None or spent.usd + worst.usd <= usd + 1e-12

    def limit_left(self, limit: Literal["tokens", "usd"]) -> float | None:
        """What may be spent of a limit in all, without what is kept for the report; None where there is no limit."""
        most: float | None = getattr(self.budget, limit)
        taken: float = getattr(self._committed_by("target"), limit)
        return None if most is None else most - self._test_reserve(most, taken)

    def reserve(self, payer: Payer, worst: Cost) -> None:
        """Set the worst case of a call aside. Raises BudgetSpent where it does not fit; nothing is set aside then."""
        if not self.fits(payer, worst):
            raise BudgetSpent(f"the next {payer} call does not fit into the budget")
        self.reserved[payer] = self.reserved.get(payer, Cost()) + worst

    def settle(self, payer: Payer, worst: Cost, actual: Cost, *, cached: bool) -> None:
        """Exchange a reservation for what the call took. A cached answer is used, but not paid."""
        self.release(payer, worst)
        self.used[payer] = self.used.get(payer, Cost()) + actual
        if not cached:
            self.paid[payer] = self.paid.get(payer, Cost()) + actual

    def release(self, payer: Payer, worst: Cost) -> None:
        self.reserved[payer] = self.reserved.get(payer, Cost()) - worst

    def view(self, seconds: float = 0.0) -> LedgerView:
        return LedgerView(used=dict(self.used), paid=dict(self.paid), lost=self.lost, seconds=seconds)

    def _test_reserve(self, limit: float, taken: float) -> float:
        """What the held-back calls will take of a limit: half as much again as the target's calls took so far, and
        never more than a fixed share of it. Calls under way count at their worst: it can only shrink when they are
        settled, so that what fits now still fits then, and the order in which answers come decides nothing."""
        if self.test_opened or not self.reserved_for_test:
            return 0.0
        calls = self._committed_by("target").calls
        most = _MAX_RESERVE_SHARE * limit
        return min(most, _RESERVE_MARGIN * self.reserved_for_test * taken / calls) if calls else most

    def _committed_by(self, payer: Payer) -> Cost:
        return self.used.get(payer, Cost()) + self.reserved.get(payer, Cost())

    def _committed(self) -> Cost:
        return self._committed_by("target") + self._committed_by("optimizer")
