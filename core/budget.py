"""What may be spent, what was spent, and the check between the two.

A call's worst case is reserved before it is sent and settled afterwards, so the ledger never exceeds the budget.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from .errors import BudgetSpent, TaskError

Payer = Literal["target", "optimizer"]

# The held-out test may reserve at most this share of the tokens or the cost: a search needs the larger part.
_MAX_RESERVE_SHARE = 0.4
# Test answers may be longer than those seen so far; half as much again covers the spread between prompts.
_RESERVE_MARGIN = 1.5
UNLIMITED = 2**31


def fair_shares(demands: Sequence[int], total: int) -> list[int]:
    """Divide `total` by max-min fairness: small demands are met in full, the others get equal shares.

    Whole numbers of at least 0. Their sum is at most `total`, and nobody gets more than the demand.
    """
    shares, rest = [0] * len(demands), total
    for position, index in enumerate(sorted(range(len(demands)), key=lambda index: demands[index])):
        shares[index] = min(demands[index], rest // (len(demands) - position))
        rest -= shares[index]
    return shares


class Budget(BaseModel):
    """Hard limits over all roles of a run; None is no limit.

    Attributes:
        calls: All model calls, the held-out test included.
        target_calls: Target calls during the search. The held-out test comes on top.
        tokens: Prompt and completion tokens.
        usd: Cost by litellm's price table; local models cost 0.
        minutes: Wall-clock time over all sessions of the run. Calls in flight may finish.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    calls: int | None = None
    target_calls: int | None = None
    tokens: int | None = None
    usd: float | None = None
    minutes: float | None = None

    def check(self) -> None:
        """Check that there is a limit, and that each one is a finite number above 0.

        Raises:
            TaskError: There is no limit, or a limit that leaves nothing to spend or limits nothing.
        """
        limits = self.model_dump(exclude_none=True)
        for name, value in limits.items():
            if not math.isfinite(value) or value <= 0:
                effect = "leaves nothing to spend" if value <= 0 else "limits nothing"
                raise TaskError(
                    f"a budget of {value} {name} {effect}",
                    where=f"--{name.replace('_', '-')}",
                    possible=("any finite number above 0",),
                )
        if not limits:
            raise TaskError("no budget was set", where="budget", possible=tuple(Budget.model_fields))


def limits_passed(budget: Budget, total: Cost) -> tuple[str, ...]:
    """One line for each limit that the account is beyond: calls in flight may bill more than their worst case."""
    passed = []
    for name in ("calls", "tokens", "usd"):
        limit, used = getattr(budget, name), getattr(total, name)
        if limit is not None and used > limit + 1e-9:
            passed.append(f"the limit of {limit:,} {name} was passed: {used:,} were billed")
    return tuple(passed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one call, or many, used. It is added up often, so it is a plain dataclass; pydantic models validate it."""

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
    """A snapshot of the ledger as JSON, for state, events and screens.

    Attributes:
        used: What this run consumed, replies from the cache included. The budget limits it, so that a run ends the same
            with a warm and a cold cache.
        paid: What the endpoints were asked for.
        lost: Calls that may have been paid for without a reply.
        seconds: The running time.
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
    """The running account of one run. Not thread-safe: use it in the event loop that spends.

    Attributes:
        budget: The limits.
        used: What was consumed, by payer.
        paid: What the endpoints were asked for, by payer.
        reserved: The worst case of the calls in flight, by payer.
        lost: Calls that may have been paid for without a reply.
        reserved_for_test: Calls that only the held-out test may use.
        test_headroom: What one of them may take beyond the search's calls at its worst.
        test_opened: Whether the held-out test has begun and may use them.
    """

    budget: Budget
    used: dict[Payer, Cost] = field(default_factory=dict)
    paid: dict[Payer, Cost] = field(default_factory=dict)
    reserved: dict[Payer, Cost] = field(default_factory=dict)
    lost: int = 0
    reserved_for_test: int = 0
    test_headroom: Cost = field(default_factory=Cost)
    test_opened: bool = False

    def reserve_for_test(self, calls: int, *, headroom: Cost | None = None) -> None:
        """Reserve calls for the held-out test, with the tokens and the cost that they will take.

        Args:
            calls: How many.
            headroom: For a search whose own calls are smaller at their worst, as losses are beside answers.
        """
        self.reserved_for_test, self.test_headroom = calls, headroom or Cost()

    def open_test_reserve(self) -> None:
        """Release the reserve to the held-out test. From here on `target_calls` limits no more."""
        self.test_opened = True

    def calls_left(self, payer: Payer) -> int:
        """How many calls of this payer still fit, by the limits on calls only."""
        limits = [UNLIMITED]
        committed = self._committed()
        if self.budget.calls is not None:
            limits.append(self.budget.calls - committed.calls - (0 if self.test_opened else self.reserved_for_test))
        if self.budget.target_calls is not None and payer == "target" and not self.test_opened:
            limits.append(self.budget.target_calls - self._committed_by("target").calls)
        return max(0, min(limits))

    def fits(self, payer: Payer, worst: Cost) -> bool:
        """Whether a call still fits at its worst case."""
        committed = self._committed()
        if worst.calls > self.calls_left(payer):
            return False
        tokens, usd = self.limit_left("tokens"), self.limit_left("usd")
        if tokens is not None and committed.tokens + worst.tokens > tokens:
            return False
        return usd is None or committed.usd + worst.usd <= usd + 1e-12

    def limit_left(self, limit: Literal["tokens", "usd"]) -> float | None:
        """A limit without the reserve for the held-out test; None if there is no limit."""
        maximum: float | None = getattr(self.budget, limit)
        committed: float = getattr(self._committed_by("target"), limit)
        if maximum is None:
            return None
        headroom: float = getattr(self.test_headroom, limit)
        return maximum - self._test_reserve(maximum, committed, headroom)

    def reserve(self, payer: Payer, worst: Cost) -> None:
        """Reserve the worst case of a call.

        Raises:
            BudgetSpent: It does not fit. Nothing is reserved then.
        """
        if not self.fits(payer, worst):
            raise BudgetSpent(f"the next {payer} call does not fit into the budget")
        self.reserved[payer] = self.reserved.get(payer, Cost()) + worst

    def settle(self, payer: Payer, worst: Cost, actual: Cost, *, cached: bool) -> None:
        """Replace a reservation by what the call used. A cached reply is used, but not paid."""
        self.release(payer, worst)
        self.used[payer] = self.used.get(payer, Cost()) + actual
        if not cached:
            self.paid[payer] = self.paid.get(payer, Cost()) + actual

    def release(self, payer: Payer, worst: Cost) -> None:
        """Cancel a reservation."""
        self.reserved[payer] = self.reserved.get(payer, Cost()) - worst

    def view(self, seconds: float = 0.0) -> LedgerView:
        return LedgerView(used=dict(self.used), paid=dict(self.paid), lost=self.lost, seconds=seconds)

    def _test_reserve(self, limit: float, committed: float, headroom: float) -> float:
        """What the calls of the held-out test will take of a limit.

        Calls in flight count at their worst case. The reserve can only shrink when they are settled: what fits now
        still fits then, and the order in which replies arrive decides nothing.
        """
        if self.test_opened or not self.reserved_for_test:
            return 0.0
        calls = self._committed_by("target").calls
        maximum = _MAX_RESERVE_SHARE * limit
        if not calls:
            return maximum
        return min(maximum, _RESERVE_MARGIN * self.reserved_for_test * committed / calls + headroom)

    def _committed_by(self, payer: Payer) -> Cost:
        return self.used.get(payer, Cost()) + self.reserved.get(payer, Cost())

    def _committed(self) -> Cost:
        return self._committed_by("target") + self._committed_by("optimizer")


def remaining_calls(ledger: Ledger, view: LedgerView, *, from_start: bool = False) -> dict[Payer, int]:
    """How many calls still fit, by the account at the end of a step, so that a repeated step decides the same.

    Limits on tokens and cost are converted by the mean size of the calls so far, once there is one: a strategy that
    closes early needs to know when the budget runs out. Minutes are not converted: one optimizer call may take as long
    as fifty target calls, and a race that counted them so would starve.

    Args:
        ledger: The limits and the reserve.
        view: What was used at the end of the step.
        from_start: Count the calls that fitted before anything was spent.
    """
    frozen = Ledger(
        budget=ledger.budget,
        used=dict(view.used),
        reserved_for_test=ledger.reserved_for_test,
        test_headroom=ledger.test_headroom,
        test_opened=ledger.test_opened,
    )
    if not from_start and not frozen.fits("target", Cost(tokens=1, usd=1e-9)):
        return {"target": 0, "optimizer": 0}
    limits = ((frozen.limit_left("tokens"), view.total.tokens), (frozen.limit_left("usd"), view.total.usd))
    by_size = min(
        (
            int((limit - (0 if from_start else used)) * view.total.calls / used)
            for limit, used in limits
            if limit is not None and used
        ),
        default=UNLIMITED,
    )
    if from_start:
        frozen.used = {}
    return {"target": min(max(1, by_size), frozen.calls_left("target")), "optimizer": frozen.calls_left("optimizer")}
