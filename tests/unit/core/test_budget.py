"""L3: whatever is reserved, settled and released, the ledger never passes the budget."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, rule
from maieutic.core.budget import Budget, Cost, Ledger, Payer, fair_shares
from maieutic.core.directives import ChangeBudget
from maieutic.core.errors import BudgetSpent, TaskError
from pydantic import ValidationError

payers = st.sampled_from(["target", "optimizer"])
limits = st.none() | st.integers(min_value=1, max_value=30)
money = st.integers(min_value=0, max_value=40).map(lambda cents: cents / 64)
costs = st.builds(Cost, calls=st.just(1), tokens=st.integers(min_value=0, max_value=20), usd=money)


class Spending(RuleBasedStateMachine):
    """Calls come, are settled at no more than their worst case, or are given up."""

    in_flight = Bundle("in_flight")

    @initialize(calls=limits, target_calls=limits, tokens=limits, usd=st.none() | money, held=st.integers(0, 5))
    def begin(
        self, calls: int | None, target_calls: int | None, tokens: int | None, usd: float | None, held: int
    ) -> None:
        self.ledger = Ledger(Budget(calls=calls, target_calls=target_calls, tokens=tokens, usd=usd))
        self.ledger.reserve_for_test(held)

    @rule(target=in_flight, payer=payers, worst=costs)
    def reserve(self, payer: Payer, worst: Cost) -> tuple[Payer, Cost] | None:
        before = dict(self.ledger.reserved)
        fits = self.ledger.fits(payer, worst)
        try:
            self.ledger.reserve(payer, worst)
        except BudgetSpent:
            assert not fits
            assert self.ledger.reserved == before
            return None
        assert fits
        return payer, worst

    @rule(one=consumes(in_flight), share=st.floats(0, 1), cached=st.booleans())
    def settle(self, one: tuple[Payer, Cost] | None, share: float, cached: bool) -> None:
        if one is not None:
            payer, worst = one
            actual = Cost(calls=worst.calls, tokens=int(worst.tokens * share), usd=worst.usd * share)
            self.ledger.settle(payer, worst, actual, cached=cached)

    @rule(one=consumes(in_flight))
    def give_up(self, one: tuple[Payer, Cost] | None) -> None:
        if one is not None:
            self.ledger.release(*one)

    @rule()
    def open_seal(self) -> None:
        self.ledger.open_test_reserve()

    @invariant()
    def within(self) -> None:
        if not hasattr(self, "ledger"):
            return
        ledger, budget = self.ledger, self.ledger.budget
        spent = sum((*ledger.used.values(), *ledger.reserved.values()), Cost())
        assert budget.calls is None or spent.calls <= budget.calls
        assert budget.tokens is None or spent.tokens <= budget.tokens
        assert budget.usd is None or spent.usd <= budget.usd + 1e-9
        if budget.target_calls is not None and not ledger.test_opened:
            target = ledger.used.get("target", Cost()) + ledger.reserved.get("target", Cost())
            assert target.calls <= budget.target_calls
        if budget.calls is not None and not ledger.test_opened:
            assert spent.calls <= max(0, budget.calls - ledger.reserved_for_test)
        assert ledger.view().total_paid.calls <= ledger.view().total.calls


TestSpending = Spending.TestCase


@given(a=costs, b=costs)
def test_costs_add_and_never_go_below_zero(a: Cost, b: Cost) -> None:
    assert a + b - b == a
    assert (a - (a + b)) == Cost()


def test_the_report_has_its_calls_when_the_seal_is_opened() -> None:
    ledger = Ledger(Budget(calls=5, target_calls=2))
    ledger.reserve_for_test(3)
    for _ in range(2):
        ledger.reserve("target", Cost(calls=1))
    with pytest.raises(BudgetSpent):
        ledger.reserve("target", Cost(calls=1))
    ledger.open_test_reserve()
    assert ledger.calls_left("target") == 3


def test_a_cached_answer_is_used_but_not_paid() -> None:
    ledger = Ledger(Budget(calls=5))
    ledger.reserve("target", Cost(calls=1))
    ledger.settle("target", Cost(calls=1), Cost(calls=1, tokens=7), cached=True)
    assert (ledger.view().total.calls, ledger.view().total_paid.calls) == (1, 0)


@pytest.mark.parametrize("budget", [Budget(), Budget(calls=0), Budget(usd=-1.0)])
def test_a_budget_that_allows_nothing_is_refused(budget: Budget) -> None:
    with pytest.raises(TaskError):
        budget.check()


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("limit", ["minutes", "usd"])
def test_a_limit_that_is_no_finite_number_is_refused_and_cannot_be_steered_to(limit: str, value: float) -> None:
    budget = Budget.model_validate({"calls": 5, limit: value})
    with pytest.raises(TaskError, match=limit):
        budget.check()
    with pytest.raises(ValidationError, match=limit):
        ChangeBudget(budget=budget)


def test_what_is_kept_for_the_report_never_grows_when_calls_under_way_are_settled() -> None:
    ledger = Ledger(Budget(tokens=1000))
    ledger.reserve_for_test(2)
    ledger.used = {"target": Cost(calls=9, tokens=90)}
    ledger.reserve("target", Cost(calls=1, tokens=200))
    before = ledger.limit_left("tokens")
    ledger.settle("target", Cost(calls=1, tokens=200), Cost(calls=1, tokens=150), cached=False)
    assert before is not None
    assert (ledger.limit_left("tokens") or 0) >= before


@given(st.lists(st.integers(0, 60), max_size=6), st.integers(0, 100))
def test_shares_are_fair(wanted: list[int], room: int) -> None:
    shares = fair_shares(wanted, room)
    assert all(0 <= share <= most for share, most in zip(shares, wanted, strict=True))
    assert sum(shares) <= room
    cut = [share for share, most in zip(shares, wanted, strict=True) if share < most]
    assert not cut or max(shares) <= max(cut)
    assert not cut or max(cut) - min(cut) <= 1
    assert cut or sum(shares) == sum(wanted)


def test_who_wants_little_gets_it_whole() -> None:
    assert fair_shares([24, 4], 10) == [6, 4]
