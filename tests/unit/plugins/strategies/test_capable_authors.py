"""The bandit of `auto` with capable optimizer models: their seeds, their share, and what they brought."""

from __future__ import annotations

from dataclasses import replace

import pytest
from maieutic.core.candidate import Archive, Candidate
from maieutic.core.dataset import Example
from maieutic.core.program import Program
from maieutic.core.score import Evaluation
from maieutic.core.search_types import Search
from maieutic.plugins.algorithms.operator_credit import gains_over_leaders, gains_over_parents, shrunken_mean
from maieutic.plugins.strategies.operator_bandit import TOO_LITTLE_LEFT, OperatorBandit

WEIGHTS = {"demos": 1.0, "rewrite": 1.0, "reflect": 1.0, "induce": 1.0, "merge": 1.0}


def bandit() -> OperatorBandit:
    return OperatorBandit(
        seeds={"demos": 8, "induce": 1},
        capable_seeds={"demos": 2, "induce": 1, "reflect": 1},
        authors=("rewrite", "reflect", "induce"),
        blind=("induce",),
        merging=("merge",),
        plain=("rewrite",),
        capable=("reflect", "merge"),
    )


def search_with(children: list[tuple[str, str, int, float]], *, capable: bool = True, round: int = 2) -> Search:
    """children: (id, operator, round, score on every val example), all of the baseline `start`, which scores 0."""
    examples = {f"v{n}": Example(id=f"v{n}", input=f"row {n}", outputs=(("yes", "no")[n % 2],)) for n in range(8)}
    archive = Archive()
    archive.add(Candidate(id="start", program=Program.of("start"), operator="start", status="kept"))
    for name, operator, born, _ in children:
        program = Program.of(f"prompt {name}")
        archive.add(
            Candidate(id=name, program=program, parents=("start",), operator=operator, status="kept", round=born)
        )
    for name, score in [("start", 0.0), *((name, score) for name, _, _, score in children)]:
        for row in examples:
            archive.scores.add(Evaluation(candidate=name, example=row, split="val", output="", answer="", score=score))
    return Search(
        archive=archive,
        train=tuple(f"t{n}" for n in range(20)),
        val=tuple(examples),
        seed=1,
        round=round,
        step=round * 7,
        remaining_runs=900,
        total_runs=1000,
        operators=WEIGHTS,
        examples=examples,
        capable=capable,
    )


def test_the_first_round_is_for_those_who_write() -> None:
    small = bandit().ask(search_with([], capable=False, round=1))
    assert [(order.operator, order.count, order.cases) for order in small] == [("demos", 8, 0), ("induce", 1, 0)]
    capable = bandit().ask(search_with([], round=1))
    assert [(order.operator, order.count) for order in capable] == [("demos", 2), ("reflect", 1), ("induce", 1)]


@pytest.mark.parametrize(("total", "cases"), [(40, 4), (300, 15), (1000, 32), (100_000, 32)])
def test_capable_authors_see_more_failures_where_the_budget_pays_for_them(total: int, cases: int) -> None:
    orders = bandit().ask(replace(search_with([], round=1), total_runs=total))
    assert {order.operator: order.cases for order in orders} == {"demos": 0, "reflect": cases, "induce": 0}


@pytest.mark.parametrize("capable", [True, False])
def test_operators_for_other_authors_are_left_out(capable: bool) -> None:
    search = search_with([("a", "demos", 1, 0.5), ("b", "induce", 1, 0.5)], capable=capable)
    drawn = {order.operator for step in range(40) for order in bandit().ask(replace(search, step=step, memory={}))}
    assert drawn == WEIGHTS.keys() - ({"rewrite"} if capable else {"reflect", "merge"})


def test_capable_authors_write_half_of_a_round_and_mergers_get_two_parents() -> None:
    search = search_with([("a", "demos", 1, 0.5), ("b", "induce", 1, 0.5)])
    rounds = [bandit().ask(replace(search, step=step, memory={})) for step in range(40)]
    assert {sum(order.operator in bandit().authors for order in orders) for orders in rounds} == {3}
    merges = [order for orders in rounds for order in orders if order.operator == "merge"]
    assert merges
    assert all(len(set(order.parents)) == 2 for order in merges)


def test_where_no_leader_comes_from_an_author_credit_decides_how_much_they_write() -> None:
    children = [*((f"d{n}", "demos", n, 0.5) for n in range(3)), ("a", "induce", 1, 0.125)]
    counts = {}
    for last in (3, 4):
        rounds = [bandit().ask(replace(search_with(children, round=last), step=step)) for step in range(20)]
        counts[last] = {sum(order.operator in bandit().authors for order in orders) for orders in rounds}
    assert counts[3] == {3}
    assert min(counts[4]) < 3


@pytest.mark.parametrize(("remaining", "goes_on"), [(27, False), (28, True)])
def test_a_round_whose_winner_could_not_be_measured_is_not_asked_for(remaining: int, goes_on: bool) -> None:
    """Six newcomers on 4 examples, and one of them on half of the 8 that the leader has."""
    search = search_with([("a", "induce", 1, 0.5), ("b", "demos", 1, 0.5)])
    search.remaining_runs = remaining
    assert bool(bandit().ask(search)) is goes_on
    assert search.ending == ("" if goes_on else TOO_LITTLE_LEFT)


def test_who_writes_nothing_is_asked_no_more() -> None:
    written, silent = search_with([("a", "induce", 1, 0.5)]), search_with([("a", "demos", 1, 0.5)])
    for step in range(20):
        assert not {"reflect", "induce"} & {o.operator for o in bandit().ask(replace(silent, step=step, memory={}))}
    assert any(
        {"reflect", "induce"} & {order.operator for order in bandit().ask(replace(written, step=step, memory={}))}
        for step in range(20)
    )


def test_credit_is_what_a_child_brought_beyond_the_best_before_it() -> None:
    search = search_with([("a", "demos", 1, 0.5), ("b", "induce", 1, 0.75), ("c", "reflect", 2, 0.875)])
    scores = {name: search.archive.scores.mean(name, search.val) or 0.0 for name in search.archive.candidates}
    assert gains_over_leaders(search, scores) == {
        "demos": [0.5 - 0.625],
        "rewrite": [],
        "reflect": [0.875 - 0.75],
        "induce": [0.75 - 0.625],
        "merge": [],
    }
    assert gains_over_parents(search, scores)["demos"] == [0.5]
    assert shrunken_mean([0.4, 0.4]) == pytest.approx(0.8 / 5)
    assert shrunken_mean([]) == 0
