"""tapo: the planner chooses the metrics, a rule where it cannot be read, and several of them decide jointly."""

from __future__ import annotations

import re
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from maieutic.core.budget import Budget
from maieutic.core.candidate import Archive, Candidate
from maieutic.core.dataset import Example
from maieutic.core.identity import seeded_random
from maieutic.core.program import Program
from maieutic.core.score import Evaluation
from maieutic.core.search_types import Search
from maieutic.core.stats.e_process import e_value
from maieutic.plugins.algorithms.fitness import VIEWS, fitness, means_on_common_rows, select_views
from maieutic.plugins.allocators.common import row_order
from maieutic.plugins.allocators.paired_race import PairedRace


def author(choice: str) -> Any:
    number = count()

    def answer(text: str) -> str:
        if "<metric>" in text:
            return choice
        seen = [int(one) for one in re.findall(r"level (\d+)", text)]
        return f"<prompt>Say even or odd, wording {next(number)}, at level {min(9, 1 + max(seen, default=3))}</prompt>"

    return answer


async def test_tapo_asks_for_metrics_once_and_evolves_by_tournament(play: Any) -> None:
    said = "<metric>accuracy</metric><metric>brevity</metric>"
    run = await play("tapo", author(said), budget=Budget(target_calls=260))
    assert run.dialogue[0].skill == "views"
    assert run.skills["views"] == 1
    question = run.asked("views")[0]
    assert all(f"{name}: " in question for name in VIEWS)
    assert {one["operator"] for one in run.orders[0]} == {"induce", "paraphrase"}
    later = {one["operator"] for orders in run.orders[1:] for one in orders}
    assert later == {"crossover", "rewrite"}
    assert run.skills["cross-mutate"] > 0
    assert "went wrong" in run.asked("cross-mutate")[0], "errors of the first parent are shown"
    assert run.candidates[run.best].operator in later
    assert run.report.best.score > run.report.start.score


@pytest.mark.parametrize("calls", [20, 60])
async def test_a_small_budget_measures_the_start_and_some_children(play: Any, calls: int) -> None:
    run = await play("tapo", author("I cannot say."), budget=Budget(target_calls=calls), rows=50)
    assert len([one for one in run.evaluations if one.split != "test"]) <= calls
    measured = [name for name in run.candidates if run.rows(name)]
    assert next(iter(run.candidates)) in measured
    assert len(measured) >= 3


def search(scores: dict[str, list[float]], outputs: tuple[str, ...] = ("red", "blue"), **fields: Any) -> Search:
    """Candidates by their instruction, with scores on val rows in the order in which rows are paid for."""
    val = tuple(f"v{n}" for n in range(40))
    examples = {row: Example(id=row, input=row, outputs=(outputs[n % len(outputs)],)) for n, row in enumerate(val)}
    names = [Candidate(id=name, program=Program.of(name), operator="x", status="racing") for name in scores]
    given: dict[str, Any] = {"remaining_runs": 1000, "total_runs": 1600, **fields}
    made = Search(archive=Archive(names), train=(), val=val, seed=1, round=1, step=1, examples=examples, **given)
    for name, row in scores.items():
        for example, one in zip(row_order(made), row, strict=False):
            right = examples[example].outputs[0]
            said = right if one else None
            told = Evaluation(candidate=name, example=example, split="val", output="x", answer=said, score=one)
            made.archive.scores.add(told)
    return made


def test_the_rule_chooses_by_the_kind_of_answers_and_a_readable_plan_goes_first() -> None:
    views = dict.fromkeys(VIEWS, 1.0)
    open_answers = tuple(f"answer {n}" for n in range(40))
    assert set(select_views(search({}), views)) == {"accuracy", "robustness", "format"}
    assert set(select_views(search({}, open_answers), views)) == {"accuracy", "similarity", "brevity"}
    assert set(select_views(search({}, plan=("by rule",)), views)) == {"accuracy", "robustness", "format"}
    assert set(select_views(search({}, plan=("brevity",)), views)) == {"accuracy", "brevity"}


def test_who_is_right_as_often_but_says_less_is_fitter() -> None:
    told = fitness(
        search({"short": [1, 0] * 10, "a good deal longer": [0, 1] * 10}),
        ["short", "a good deal longer"],
        {
            "accuracy": 1.0,
            "brevity": 0.1,
        },
    )
    assert told["short"] > told["a good deal longer"]


def test_robustness_is_the_hardest_group() -> None:
    lopsided, even = [1.0, 0.0] * 20, [1.0, 1.0, 0.0, 0.0] * 10
    told = fitness(search({"lopsided": lopsided, "even": even}), ["lopsided", "even"], {"robustness": 1.0})
    assert told["lopsided"] == 0.0
    assert told["even"] == pytest.approx(0.5)


def test_easy_rows_do_not_flatter_who_was_measured_on_them_alone() -> None:
    made = search({"whole": [1.0] * 10 + [0.0] * 30, "lucky": [1.0] * 8 + [0.0] * 2})
    told = means_on_common_rows(made, ["whole", "lucky"], lambda seen, row: seen.score)
    assert told["lucky"] < told["whole"] == pytest.approx(0.25)


@given(st.lists(st.floats(-1, 1), max_size=30))
def test_evidence_for_and_against_never_both_convince(differences: list[float]) -> None:
    forward, backward = e_value(differences), e_value([-one for one in differences])
    assert forward >= 0
    assert min(forward, backward) <= 1.0 + 1e-9


def test_looking_after_every_row_gives_no_more_false_alarms_than_alpha() -> None:
    rng, alarms = seeded_random(1, "null"), 0
    for _ in range(300):
        row: list[float] = []
        for _ in range(60):
            row.append(rng.choice((-1.0, 0.0, 0.0, 1.0)))
            if e_value(row) >= 10:
                alarms += 1
                break
    assert alarms / 300 <= 0.1


def test_a_race_drops_who_is_surely_worse_and_keeps_who_only_looks_so() -> None:
    good = [1.0] * 40
    pool = {"a": good, "b": good, "c": good, "close": [1.0] * 37 + [0.0] * 3, "bad": [0.0] * 40}
    told = PairedRace(survivors=3).tell(search(pool), list(pool))
    assert told == {"a": "undecided", "b": "undecided", "c": "undecided", "close": "undecided", "bad": "drop"}


def test_a_race_goes_by_blocks_of_the_same_rows_and_ends_when_enough_are_left() -> None:
    race, memory = PairedRace(block=10, survivors=3), dict[str, Any]()
    first = race.ask(search({name: [] for name in "abcd"}, memory=memory), list("abcd"))
    assert len(first) == 40
    assert len({pair.example for pair in first}) == 10
    even = search({name: [1.0] * 10 for name in "abcd"}, memory=memory)
    assert len(race.ask(even, list("abcd"))) == 40
    won = {**{name: [1.0] * 20 for name in "abc"}, "d": [0.0] * 20}
    assert race.ask(search(won, memory=memory), list("abcd")) == []
