"""What a run will take is told by the limit that was given, whichever it is."""

from __future__ import annotations

from typing import Any

import pytest
from maieutic.cli.estimate import _estimate_lines
from maieutic.core.budget import Budget
from maieutic.core.errors import UsageError
from maieutic.core.models import ModelRef
from maieutic.core.task import Models, Task
from maieutic.graphs.estimate import RunEstimate, TokenPrice, estimate_run
from maieutic.graphs.measuring.test_set_budget import held_out_count
from maieutic.graphs.run_config import RunConfig
from maieutic.graphs.run_options import RunOptions
from maieutic.plugins.system.registry import Registry

MODEL = "openai/gpt-4o-mini"
PRICES = {MODEL: TokenPrice(prompt=1e-6, answer=4e-6)}


def task(model: str = "local/smollm2", test: int = 100) -> Task:
    def rows(split: str, count: int) -> list[dict[str, str]]:
        return [{"input": f"{split} word {n} of some length", "output": ("red", "blue")[n % 2]} for n in range(count)]

    ref = ModelRef.parse(model)
    splits = {"train": rows("train", 10), "val": rows("val", 20), "test": rows("test", test)}
    return Task.create("Say red or blue.", **splits, models=Models(target=ref, optimizer=ref), name="colours")


def told(made: Task, budget: Budget, **options: Any) -> RunEstimate:
    return estimate_run(made, RunOptions(budget=budget, **options), Registry.load([]), prices=PRICES)


def proof(found: RunEstimate) -> str:
    return next(line for line in _estimate_lines(found) if line.startswith("gain"))


def test_what_keeps_the_proof_small_is_named() -> None:
    budget, rows = told(task(), Budget(calls=40)), told(task(test=8), Budget(calls=4000))
    assert (budget.sealed_rows, budget.sealed_by) == (rows.sealed_rows, "budget") == (8, "budget")
    assert rows.sealed_by == "rows"
    assert "the budget's share of 100" in proof(budget)
    assert "a larger budget" in proof(budget)
    assert "add test examples" in proof(rows)
    assert all("assuming a baseline score of 0.5" in proof(one) for one in (budget, rows))


@pytest.mark.parametrize("tokens", [2000, 4000])
def test_a_budget_of_tokens_is_told_in_calls_and_holds_no_more_rows_than_the_run_keeps(tokens: int) -> None:
    found = told(task(), Budget(tokens=tokens))
    setup = RunConfig.resolve(task(), RunOptions(budget=Budget(tokens=tokens)), Registry.load([]))
    assert 0 < found.sealed_rows <= held_out_count(setup) < 100
    assert found.calls is not None
    assert found.tokens is not None
    assert 0.8 * tokens < sum(one.prompt + one.answer for one in found.tokens.values()) <= tokens
    assert (found.usd, found.exceeds) == (0.0, ())


def test_a_budget_of_money_is_told_in_calls_where_prices_are_known() -> None:
    found = told(task(MODEL), Budget(usd=0.01))
    assert found.calls is not None
    assert found.usd is not None
    assert 0.008 < found.usd <= 0.01
    assert 0 < found.sealed_rows < 100
    assert told(task("openai/of-nobody"), Budget(usd=0.01)).calls is None


@pytest.mark.parametrize("budget", [Budget(minutes=3), Budget(usd=1.0)])
def test_a_free_model_costs_nothing_however_many_calls_it_will_be(budget: Budget) -> None:
    found = told(task(), budget)
    assert (found.calls, found.usd) == (None, 0.0)
    assert "cost     about $0.0000" in _estimate_lines(found)


def test_nobody_says_that_a_known_price_is_unknown() -> None:
    lines = _estimate_lines(told(task(MODEL), Budget(minutes=3)))
    assert "cost     unknown: the number of calls is not limited" in lines


def test_the_embedded_model_is_no_faster_for_being_asked_more_at_a_time() -> None:
    one, many = (told(task(), Budget(calls=400), concurrency=n).minutes for n in (1, 16))
    assert one == many
    assert one is not None
    assert one > 3


def test_settings_reach_the_recipe() -> None:
    with pytest.raises(UsageError, match="nope"):
        told(task(), Budget(calls=40), settings={"bandit.nope": "1"})


def test_a_dearer_model_in_one_role_is_part_of_the_price() -> None:
    made = task()
    roles = {"critic": ModelRef.parse(MODEL)}
    dear = made.model_copy(update={"models": made.models.model_copy(update={"roles": roles})})
    assert told(made, Budget(calls=4000)).usd == 0.0
    assert (told(dear, Budget(calls=4000)).usd or 0.0) > 0.0
    unknown = made.models.model_copy(update={"roles": {"critic": ModelRef.parse("openai/of-nobody")}})
    assert told(made.model_copy(update={"models": unknown}), Budget(calls=4000)).usd is None


def test_a_target_that_may_reason_writes_more_than_its_answer() -> None:
    """A quarter of what it may write beyond the answer; a small model's limit is its answer."""

    def answer_tokens(model: str) -> float:
        found = told(task(model), Budget(target_calls=100))
        assert found.calls is not None
        assert found.tokens is not None
        return found.tokens["target"].answer / (found.calls.target + found.calls.sealed)

    plain = task().answer_tokens
    assert answer_tokens("local/smollm2") == plain
    assert answer_tokens(MODEL) == plain + (1024 - plain) / 4
