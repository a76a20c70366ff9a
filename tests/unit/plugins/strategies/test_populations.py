"""Strategies that keep a population: who is ordered, by what they are compared, who lives on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from maieutic.core.candidate import Archive, Candidate
from maieutic.core.dataset import Example
from maieutic.core.program import Program
from maieutic.core.prompt import Demo, Prompt
from maieutic.core.score import Evaluation
from maieutic.core.search_types import Search
from maieutic.plugins.algorithms.fitness import fitness, fittest
from maieutic.plugins.strategies.differential_evolution import DifferentialEvolution
from maieutic.plugins.strategies.genetic_algorithm import GeneticAlgorithm
from maieutic.plugins.strategies.local_search import TabuSearch
from maieutic.plugins.strategies.regularized_evolution import RegularizedEvolution

JUDGED = {"accuracy": 1.0, "brevity": 0.05}


def one(name: str, **fields: Any) -> Candidate:
    """A candidate whose prompt is its name unless told otherwise."""
    given: dict[str, Any] = {"program": Program.of(name), "operator": "x", "status": "kept", **fields}
    return Candidate(id=name, **given)


def search(made: Sequence[Candidate], scores: Mapping[str, Sequence[float]], *, step: int = 1, **fields: Any) -> Search:
    """Candidates with scores on the first val rows, all of them measured in one step."""
    rows = max(map(len, scores.values()), default=1)
    examples = {f"v{n}": Example(id=f"v{n}", input=f"row {n}", outputs=("yes", "no")[n % 2 :][:1]) for n in range(rows)}
    archive = Archive(made)
    for name, row in scores.items():
        for number, score in enumerate(row):
            told = {"split": "val", "output": "", "answer": "", "score": float(score), "step": step}
            archive.scores.add(Evaluation(candidate=name, example=f"v{number}", **told))  # type: ignore[arg-type]
    given: dict[str, Any] = {
        "seed": 1,
        "round": 3,
        "step": 9,
        "remaining_runs": 1000,
        "total_runs": 1000,
        "train": (),
        **fields,
    }
    return Search(archive=archive, val=tuple(examples), examples=examples, **given)


def test_the_shortest_does_not_win_when_the_first_generation_is_gone() -> None:
    long, short = "word " * 29, "word " * 11
    made = [
        one("start", program=Program.of("word " * 20), status="dropped"),
        one("right", program=Program.of(f"{long}right"), round=4, step=5),
        one("brief", program=Program.of(f"{short}brief"), round=4, step=5),
    ]
    told = search(made, {"start": [1, 0] * 5, "right": [1] * 10, "brief": [1, 1, 1] + [0] * 7}, step=2)
    assert fittest(told, JUDGED) == "right"
    assert fitness(told, ["right"], {"brevity": 1.0})["right"] == pytest.approx(1 - 30 / 20)


def test_the_longest_of_those_that_val_was_first_asked_of_is_the_measure_demos_included() -> None:
    shown = Prompt(instruction="Say it.", demos=(Demo(input="one two three four", output="five"),))
    made = [
        one("start", program=Program.of("Say it.")),
        one("refused", program=Program.of("word " * 90), status="rejected", round=1, step=2),
        one("dressed", program=Program.of(shown), round=2, step=4),
        one("later", program=Program.of("word " * 40), round=3, step=9),
    ]
    told = fitness(
        search(made, {"start": [1], "dressed": [1], "later": [1]}, step=5),
        ["start", "dressed", "later"],
        {"brevity": 1.0},
    )
    assert told["dressed"] == 0
    assert 0 < told["start"] < 1
    assert told["later"] < 0


@pytest.mark.parametrize(("room", "wanted"), [(1000, 9), (400, 9), (160, 5), (20, 2)])
def test_the_first_generation_is_as_large_as_the_population_and_shrinks_with_the_room(room: int, wanted: int) -> None:
    genetic = GeneticAlgorithm(seeds={"paraphrase": 5, "induce": 4}, dress="demo-bootstrap", size=10, children=4)
    operators = {"crossover": 1.0, "demo-bootstrap": 1.0, "paraphrase": 1.0, "induce": 1.0}
    begun = search([one("start")], {}, round=1, remaining_runs=room, operators=operators)
    orders = genetic.ask(begun)
    assert len(orders) == wanted
    assert {order.operator for order in orders} == {"paraphrase", "induce"}
    seeds = [one(f"s{place}", status="racing", round=1) for place in range(len(orders))]
    assert genetic.pool(begun, [seed.id for seed in seeds]) == []
    second = search([one("start"), *seeds], {}, round=2, remaining_runs=room, operators=operators, memory=begun.memory)
    dressed = genetic.ask(second)
    assert [order.parents[0] for order in dressed] == [*(seed.id for seed in seeds), "start"]
    later = search(
        [one("start")], {"start": [1, 0]}, round=3, remaining_runs=room, operators=operators, memory=begun.memory
    )
    assert len(genetic.ask(later)) == min(4, wanted)


def test_every_seed_is_dressed_from_train_rows_of_its_own() -> None:
    genetic = GeneticAlgorithm(dress="demo-bootstrap", size=6, dress_cases=3)
    told: dict[str, Any] = {"round": 2, "operators": {"demo-bootstrap": 1.0}, "memory": {"seeds": ["a", "b", "c"]}}
    second = search([one(name) for name in ("start", "a", "b", "c")], {}, train=[f"t{n}" for n in range(30)], **told)
    orders = genetic.ask(second)
    assert all(order.cases == len(set(order.rows)) == 3 for order in orders)
    assert len({order.rows for order in orders}) == len(orders) == 5
    assert orders == genetic.ask(second)


@pytest.mark.parametrize(("child", "stays"), [([1, 1, 0, 0], "base"), ([1, 1, 1, 0], "child"), ([1, 1, 0], "base")])
def test_a_child_replaces_its_base_only_where_it_is_better_on_the_same_rows(child: list[float], stays: str) -> None:
    """The base has rows that the child was not run on."""
    made = [one("start"), one("base", round=2), one("child", parents=("base", "start"), round=3, status="racing")]
    scores = {"start": [1, 1, 1, 1, 0, 0, 0, 0], "base": [1, 1, 0, 0, 1, 1], "child": child}
    told = DifferentialEvolution(size=3).tell(search(made, scores), ["start", "base", "child"], {})
    assert {name for name in ("base", "child") if told[name] == "keep"} == {stays}


def test_of_the_newest_the_best_live_on_wherever_they_stand() -> None:
    names = ["old", *(f"n{place}" for place in range(6))]
    made = [one("start"), *(one(name, operator="prune") for name in names)]
    scores = {"start": [0, 0, 0, 0], "old": [1] * 4, **{f"n{place}": [1] * (4 - place // 2) for place in range(6)}}
    told = search(made, {name: [*row, 0, 0, 0, 0][:4] for name, row in scores.items()}, memory={"population": ["old"]})
    RegularizedEvolution(size=3).tell(told, names[1:], {})
    assert told.memory["population"] == ["n0", "n1", "n2"], "six came: the best three of these, not the last three"
    RegularizedEvolution(size=3).tell(told, ["n5"], {})
    assert set(told.memory["population"]) == {"n1", "n2", "n5"}, "one came: the oldest of four leaves"


def test_robustness_compares_each_group_on_common_rows() -> None:
    """The first rows of each group are the easy ones."""
    made = [one("whole"), one("short")]
    told = search(made, {"whole": [1, 1, 1, 1, 0, 0, 0, 0], "short": [1, 1, 1, 1]})
    assert fitness(told, ["whole", "short"], {"robustness": 1.0}) == {"whole": 0.5, "short": 0.5}


def test_operators_of_two_parents_seed_nothing() -> None:
    begun = search([one("start")], {}, round=1, operators={"phrase": 1.0, "phrase-crossover": 1.0})
    assert {order.operator for order in GeneticAlgorithm().ask(begun)} == {"phrase"}
    begun.operators = {"phrase-crossover": 1.0}
    assert GeneticAlgorithm().ask(begun) == []


def test_a_tabu_move_is_excused_by_a_new_best_of_all_not_by_one_of_the_neighbours() -> None:
    made = [
        one("start", program=Program.of("say it now")),
        one("now", program=Program.of("say now")),
        one("back", program=Program.of("say it now please")),
    ]
    scores = {"start": [1, 1, 1, 0], "now": [0, 0, 0, 0], "back": [1, 1, 0, 0]}
    past = {"moves": [[[["say", "now"]], [["say", "it"], ["it", "now"]]]], "best": "start"}
    told = search(made, scores, memory=dict(past))
    assert TabuSearch().choose_next(told, "now", {"now": 0.0, "back": 0.5}) == "now"
    better = search(made, {**scores, "back": [1, 1, 1, 1]}, memory=dict(past))
    assert TabuSearch().choose_next(better, "now", {"now": 0.0, "back": 1.0}) == "back"
