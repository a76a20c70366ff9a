"""What policies are told of the budget: what is left, and what there was."""

from __future__ import annotations

import pytest
from maieutic.core.budget import Budget, Cost, Ledger, remaining_calls


@pytest.mark.parametrize("budget", [Budget(calls=100), Budget(target_calls=100), Budget(calls=100, target_calls=80)])
def test_what_fitted_when_the_search_began_stays_the_same_whoever_spends(budget: Budget) -> None:
    ledger, told = Ledger(budget=budget), set()
    ledger.reserve_for_test(20)
    for target, optimizer in ((0, 0), (5, 0), (5, 15), (30, 30), (40, 40)):
        ledger.used = {"target": Cost(calls=target), "optimizer": Cost(calls=optimizer)}
        begun = remaining_calls(ledger, ledger.view(), from_start=True)["target"]
        assert remaining_calls(ledger, ledger.view())["target"] <= begun
        told.add(begun)
    assert len(told) == 1


def test_a_limit_on_tokens_is_told_in_calls_of_the_mean_size() -> None:
    ledger = Ledger(budget=Budget(tokens=1000))
    assert remaining_calls(ledger, ledger.view(), from_start=True)["target"] == 2**31
    ledger.used = {"target": Cost(calls=10, tokens=100), "optimizer": Cost(calls=10, tokens=100)}
    assert remaining_calls(ledger, ledger.view(), from_start=True)["target"] == 100
    assert remaining_calls(ledger, ledger.view())["target"] == 80
