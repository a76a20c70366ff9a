"""The kit fails for what a run would have to refuse: `maieutic plugins check` tells an author before a run does."""

from __future__ import annotations

import builtins
import os
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from maieutic.core.errors import PluginError
from maieutic.core.score import Score
from maieutic.core.search_types import Proposal, WorkOrder
from maieutic.plugins.allocators.full_evaluation import FullEvaluation
from maieutic.plugins.strategies.greedy import GreedySearch
from maieutic.testing import conformance as kit


class Evaluating:
    name, needs = "mine", frozenset[str]()
    give: Callable[[], Any]

    async def evaluate(self, example: Any, output: Any, answer: Any) -> Any:
        return type(self).give()


def leave() -> Any:
    os._exit(0)


def replace_open() -> Score:
    builtins.open = print  # type: ignore[assignment]
    return Score(value=1)


@pytest.mark.parametrize(
    ("give", "said"),
    [
        (leave, "os._exit(0)"),
        (replace_open, "it replaced open"),
        (lambda: Score.model_construct(value=7.0), "value = 7.0"),
        (lambda: Score(value=1, failure="example"), "a failure (example) with the value 1"),
    ],
)
def test_an_evaluator(give: Callable[[], Any], said: str) -> None:
    class Test(kit.EvaluatorConformance):
        def make(self) -> Any:
            return type("Mine", (Evaluating,), {"give": staticmethod(give)})()

    with pytest.raises(PluginError) as caught:
        Test().test_a_run_can_use_every_score()
    assert said in caught.value.what


class Unknown(GreedySearch):
    def ask(self, search: Any) -> Sequence[WorkOrder]:
        return [WorkOrder(operator="rewrite", parents=("nobody",))]


class Pairs(FullEvaluation):
    def ask(self, search: Any, pool: Sequence[str]) -> Any:
        return [(pool[0], search.val[0])]


class Orphan:
    name, needs, calls = "mine", frozenset[str](), 0

    async def propose(self, request: Any, team: Any) -> Any:
        return [Proposal(program=request.parents[0].program, parents=("nobody",))]


class Editing(GreedySearch):
    def pool(self, search: Any, new: Sequence[str]) -> Sequence[str]:
        search.archive.baseline.program.prompts.clear()
        return []


@pytest.mark.parametrize(
    ("base", "part", "test", "said"),
    [
        (kit.StrategyConformance, Unknown, "test_a_run_can_carry_out_every_decision", "unknown candidate 'nobody'"),
        (kit.StrategyConformance, Editing, "test_a_run_can_carry_out_every_decision", "belongs to the run"),
        (kit.AllocatorConformance, Pairs, "test_a_run_can_carry_out_every_batch_and_decision", "(tuple) for a batch"),
        (kit.OperatorConformance, Orphan, "test_a_run_can_use_every_proposal", "unknown candidate 'nobody'"),
    ],
)
def test_a_part_of_the_search(base: type[kit.Conformance], part: type, test: str, said: str) -> None:
    checked = type("Test", (base,), {"make": lambda self: part()})()
    with pytest.raises(PluginError) as caught:
        getattr(checked, test)()
    assert said in caught.value.what
