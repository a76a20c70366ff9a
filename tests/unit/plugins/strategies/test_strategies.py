"""Strategies: orders that can be carried out, JSON memory, the same decisions from the same facts."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from maieutic.core.candidate import Archive, Candidate, Status
from maieutic.core.dataset import Example
from maieutic.core.identity import seeded_random
from maieutic.core.program import Program
from maieutic.core.score import Evaluation
from maieutic.core.search_types import Search, WorkOrder
from maieutic.plugins.strategies.backtracking_beam import BacktrackingBeam
from maieutic.plugins.strategies.beam_search import BeamSearch
from maieutic.plugins.strategies.claim_verification import ClaimVerification
from maieutic.plugins.strategies.feedback_control import FeedbackControl
from maieutic.plugins.strategies.greedy import GreedySearch
from maieutic.plugins.strategies.history_sampling import HistorySampling
from maieutic.plugins.strategies.mcts import MonteCarloTreeSearch
from maieutic.plugins.strategies.operator_bandit import OperatorBandit
from maieutic.plugins.strategies.planned_path import PlannedPath
from maieutic.plugins.strategies.propose_then_select import ProposeThenSelect

OPERATORS = {"demos": 1.5, "rewrite": 0.7, "layout": 1.0}
MAKERS: dict[str, Callable[[], Any]] = {
    "backtrack": lambda: BacktrackingBeam(width=2, expand=2),
    "feedback": FeedbackControl,
    "greedy": lambda: GreedySearch(accept="no-worse"),
    "mcts": lambda: MonteCarloTreeSearch(iterations=3),
    "verified": ClaimVerification,
    "bandit": lambda: OperatorBandit(seeds={"demos": 3, "rewrite": 1}, authors=["rewrite"]),
    "beam": lambda: BeamSearch(width=2, minibatch=4, children=3),
    "history": lambda: HistorySampling(samples=3),
    "planned": PlannedPath,
    "pool": lambda: ProposeThenSelect(count=5, rows=4),
}
STATUSES: tuple[Status, ...] = ("racing", "kept", "dropped", "pinned", "vetoed")


def world(count: int, measured: int, seed: int, round: int, room: int) -> Search:
    rng = seeded_random(seed, "world")
    examples = {f"v{n}": Example(id=f"v{n}", input=f"row {n}", outputs=(("yes", "no")[n % 2],)) for n in range(8)}
    archive = Archive()
    for number in range(count):
        archive.add(
            Candidate(
                id=f"c{number}",
                program=Program.of(f"prompt {number}"),
                parents=(f"c{number // 2}",) if number else (),
                operator="person" if number == 3 else "demos" if number else "start",
                status=rng.choice(STATUSES) if number else "kept",
            )
        )
    pairs = [(one, row) for one in archive.candidates for row in examples]
    for one, row in rng.sample(pairs, min(measured, len(pairs))):
        score = float(rng.random() < 0.5)
        archive.scores.add(Evaluation(candidate=one, example=row, split="val", output="", answer="", score=score))
    return Search(
        archive=archive,
        train=("t0", "t1"),
        val=tuple(examples),
        seed=seed,
        round=round,
        step=round * 7,
        remaining_runs=room,
        total_runs=100,
        plan=("first", "second"),
        operators=OPERATORS,
        examples=examples,
    )


worlds = st.builds(
    world,
    count=st.integers(1, 7),
    measured=st.integers(0, 56),
    seed=st.integers(0, 10_000),
    round=st.integers(1, 5),
    room=st.integers(1, 100),
)


@pytest.mark.parametrize("name", MAKERS)
@settings(max_examples=40)
@given(search=worlds)
def test_a_round_is_decided_from_the_facts_alone(name: str, search: Search) -> None:
    def decide() -> tuple[Any, ...]:
        strategy, search.memory = MAKERS[name](), {}
        orders = [WorkOrder.model_validate(order) for order in strategy.ask(search)]
        pool = list(strategy.pool(search, list(search.archive.candidates)[1:]))
        verdicts = dict(strategy.tell(search, pool, {}))
        memory = json.loads(json.dumps(search.memory))
        assert memory == search.memory
        return orders, pool, verdicts, memory, strategy.final(search)

    orders, pool, verdicts, memory, winner = decide()
    assert decide() == (orders, pool, verdicts, memory, winner)
    for order in orders:
        assert order.operator in OPERATORS
        assert set(order.parents) <= set(search.archive.candidates)
        assert order.count >= 1
    assert len(pool) == len(set(pool))
    assert set(pool) <= set(search.archive.candidates)
    assert set(verdicts) <= {*pool}
    assert set(verdicts.values()) <= {"keep", "drop", "undecided"}
    if any(search.archive.scores.count(one.id, search.val) for one in search.archive.alive):
        assert search.archive[winner].status not in ("dropped", "vetoed", "rejected")
    else:
        assert winner == search.archive.baseline.id


@pytest.mark.parametrize("name", ["bandit", "beam", "history"])
def test_a_persons_prompt_is_in_the_next_race(name: str) -> None:
    search = world(5, 40, 3, 2, 60)
    search.archive.add(search.archive["c3"].model_copy(update={"status": "racing"}))
    assert "c3" in MAKERS[name]().pool(search, [])


def test_the_first_round_of_the_bandit_is_its_seeds() -> None:
    orders = MAKERS["bandit"]().ask(world(1, 0, 0, 1, 100))
    assert [(order.operator, order.count) for order in orders] == [("demos", 3), ("rewrite", 1)]


def test_the_bandit_asks_few_authors_and_closes_in_time() -> None:
    bandit = MAKERS["bandit"]()
    orders = bandit.ask(world(5, 20, 1, 2, 90))
    assert len(orders) == bandit.children
    assert sum(order.operator == "rewrite" for order in orders) <= bandit.author_orders
    assert bandit.ask(world(5, 20, 1, 2, 5)) == []


def test_what_paid_off_is_asked_more_often() -> None:
    def share(score: float) -> float:
        search = world(1, 0, 0, 2, 90)
        for row in search.val:
            for one, value in (("c0", 0.5), ("better", score)):
                search.archive.scores.add(
                    Evaluation(candidate=one, example=row, split="val", output="", answer="", score=value)
                )
        child = Candidate(id="better", program=Program.of("x"), parents=("c0",), operator="layout", status="kept")
        search.archive.add(child)
        gains = MAKERS["bandit"]().operator_gains(search, MAKERS["bandit"]()._estimates(search))
        assert gains["layout"][1] == 1
        return float(gains["layout"][0])

    assert share(1.0) > share(0.5) > share(0.0)


def test_a_pool_proposes_once_and_no_more_than_can_be_measured() -> None:
    assert [order.count for order in ProposeThenSelect(count=16, rows=4).ask(world(1, 0, 0, 1, 21))] == [4, 4, 4]
    assert ProposeThenSelect().ask(world(1, 0, 0, 2, 21)) == []


def test_a_beam_orders_of_each_operator_for_each_prompt_and_draws_few_children() -> None:
    search = world(6, 48, 5, 2, 60)
    for name, status in zip(search.archive.candidates, ("kept", "kept", "dropped", "dropped", "kept"), strict=False):
        search.archive.add(search.archive[name].model_copy(update={"status": status}))
    beam = MAKERS["beam"]()
    orders = beam.ask(search)
    assert len({order.parents for order in orders}) == 2
    assert len(orders) == 2 * len(OPERATORS)
    assert len(beam.pool(search, [f"n{n}" for n in range(9)])) <= 2 + 1 + 3


def test_a_path_is_walked_step_by_step_from_the_newest_prompt_until_it_stands_still() -> None:
    search, planned = world(2, 16, 0, 1, 60), PlannedPath()
    (first,) = planned.ask(search)
    assert (first.plan_step, first.parents) == ("first", ("c0",))
    assert planned.pool(search, ["c1"]) == []
    search.round = 2
    (second,) = planned.ask(search)
    assert (second.plan_step, second.parents) == ("second", ("c1",))
    assert planned.pool(search, []) == ["c0", "c1"]
    search.memory["means"] = [0.5, 0.505]
    search.round = 3
    assert planned.ask(search) == []


def test_a_prompt_that_was_lucky_on_a_handful_of_rows_is_no_winner() -> None:
    search = world(2, 0, 0, 1, 60)
    search.archive.add(search.archive["c1"].model_copy(update={"status": "kept"}))
    for one, rows, score in (("c0", 8, 0.5), ("c1", 3, 1.0)):
        for row in search.val[:rows]:
            search.archive.scores.add(
                Evaluation(candidate=one, example=row, split="val", output="", answer="", score=score)
            )
    assert [MAKERS[name]().final(search) for name in MAKERS] == ["c0"] * len(MAKERS)
