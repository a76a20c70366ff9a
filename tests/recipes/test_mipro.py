"""mipro against its card: bootstrap, ground, then search pairs; and the parts that other recipes can use."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from itertools import count
from typing import Any

import pytest
from maieutic.core.answer import AnswerContract
from maieutic.core.asks import Case
from maieutic.core.budget import Budget
from maieutic.core.candidate import Archive, Candidate
from maieutic.core.dataset import Example
from maieutic.core.program import Program
from maieutic.core.score import Evaluation
from maieutic.core.search_types import Request, Search, TaskBrief, WorkOrder
from maieutic.plugins.allocators.common import row_order
from maieutic.plugins.allocators.minibatch import MinibatchEvaluation
from maieutic.plugins.allocators.thompson_sampling import ThompsonSampling
from maieutic.plugins.operators.demo_bootstrap import DemoBootstrap
from maieutic.plugins.operators.demo_select import DemoSelect
from maieutic.plugins.strategies.surrogate import suggest_choices


def proposer() -> Any:
    number = count()

    def answer(text: str) -> str:
        if "<summary>" in text:
            return f"<summary>The inputs are numbers, noted in batch {next(number)}.</summary>"
        return f"<prompt>Say even or odd, wording {(mark := next(number))}, at level {4 + mark % 4}</prompt>"

    return answer


def shown(messages: Sequence[Any]) -> str:
    """Right on a row where its last digit is below 2 + twice the number of demos of level; odd words help too."""
    text = "\n".join(message["content"] for message in messages)
    row = int(messages[-1]["content"].rsplit(" ", 1)[-1])
    good = 4 + (len(messages) > 3) * 2 + 3 * ("level 7" in text)
    right = row * 7 % 10 < good
    return "even" if (row % 2 == 0) == right else "odd"


async def test_mipro_bootstraps_grounds_and_searches_pairs(play: Any) -> None:
    run = await play("mipro", proposer(), target=shown, budget=Budget(target_calls=240), rows=24)
    operators = [[one["operator"] for one in orders] for orders in run.orders]
    assert operators[:2] == [["demo-bootstrap"], ["grounded", "combine"]]
    assert all(one == ["combine"] for one in operators[2:])
    start = next(iter(run.candidates))
    measured = list(dict.fromkeys(one.candidate for one in run.evaluations if one.split == "val"))
    assert measured[0] == start, "the default program is the first trial"

    sets = run.made_by("demo-bootstrap")
    assert len(sets) == 6
    assert all(len(one.program.main.demos) == 4 for one in sets)
    right = {one.example for one in run.rows(start, "train") if one.score == 1}
    assert all(demo.source in right for one in sets[1:] for demo in one.program.main.demos)
    assert not {demo.source for demo in sets[0].program.main.demos} <= right, "the first set is of rows as they stand"

    assert run.skills == Counter({"grounded": 6, "describe": 2})
    assert "noted in batch 0" in run.asked("describe")[1], "a batch is described upon what was noted before"
    for question in run.asked("grounded"):
        assert "noted in batch 1" in question
        assert "went wrong" in question
        assert question.count("] Input:") == 4 + 3
    tips = {one.rationale for one in run.made_by("grounded")}
    assert len(tips) >= 2
    assert all(one.parents == (start,) for one in run.made_by("grounded"))

    pairs = [tuple(one["parents"]) for orders in run.orders[2:] for one in orders]
    words = {start, *(one.id for one in run.made_by("grounded"))}
    demos = {start, *(one.id for one in sets)}
    assert all(first in words and second in demos for first, second in pairs)
    best = run.candidates[run.best].program.main
    assert best.demos
    assert "level 7" in best.instruction
    assert max(len(run.rows(name)) for name in measured) == 24, "the best is measured on all rows from time to time"


@pytest.mark.slow
@pytest.mark.parametrize("calls", [20, 60])
async def test_a_small_budget_measures_the_start_and_some_pairs(play: Any, calls: int) -> None:
    run = await play("mipro", proposer(), target=shown, budget=Budget(target_calls=calls))
    spent = [one for one in run.evaluations if one.split != "test"]
    assert len(spent) <= calls
    assert run.rows(next(iter(run.candidates)))
    assert len({one.candidate for one in spent if one.split == "val"}) >= 2


async def test_with_little_room_for_authors_pairs_are_searched_all_the_same(play: Any) -> None:
    run = await play("mipro", proposer(), target=shown, budget=Budget(calls=90), settings={"grounded.count": "60"})
    assert run.target_calls + run.author_calls <= 90
    assert len(run.made_by("grounded")) < 12, "sixty were wanted; half of the budget is left to measure them"
    assert len({one.candidate for one in run.evaluations if one.split == "val"}) >= 2


def test_the_estimator_comes_back_to_what_scored_well_and_draws_the_same_again() -> None:
    choices = {"words": [f"w{n}" for n in range(6)], "demos": [f"d{n}" for n in range(6)]}
    rng = random.Random(1)
    seen = []
    for _ in range(30):
        pair = {"words": rng.choice(choices["words"]), "demos": rng.choice(choices["demos"])}
        seen.append((pair, 0.3 * (pair["words"] == "w2") + 0.3 * (pair["demos"] == "d4") + 0.01 * rng.random()))
    drawn = suggest_choices(seen, choices, count=12, seed=3)
    assert drawn == suggest_choices(seen, choices, count=12, seed=3)
    assert sum(one["words"] == "w2" for one in drawn) + sum(one["demos"] == "d4" for one in drawn) > 8


TRAIN = tuple(Example(id=f"t{n}", input=f"{'cat' if n % 2 else 'dog'} number {n}", outputs=("x",)) for n in range(10))


def request(failures: tuple[Case, ...] = (), successes: tuple[Case, ...] = (), count: int = 1) -> Request:
    parent = Candidate(id="c", program=Program.of("Say it."), operator="start")
    return Request(
        order=WorkOrder(operator="x", parents=("c",), count=count),
        task=TaskBrief(name="t", description="t", answer=AnswerContract()),
        parents=(parent,),
        train=TRAIN,
        failures=failures,
        successes=successes,
        rng=random.Random(2),
    )


@pytest.mark.parametrize(
    ("output", "rationale"),
    [
        ("x", None),
        ("It is small and it barks loudly, so: x", "It is small and it barks loudly, so:"),
        ("It is small and it barks loudly. X.", "It is small and it barks loudly."),
        ("It is small and it barks and then it was cut", None),
    ],
)
async def test_demos_carry_the_targets_own_reasoning(output: str, rationale: str | None) -> None:
    right = tuple(Case(input=row.text, expected="x", output=output) for row in TRAIN[:3])
    [made] = await DemoBootstrap(shots=(3,)).propose(request(successes=right), None)  # type: ignore[arg-type]
    demos = made.program.main.demos
    assert {demo.source for demo in demos} == {"t0", "t1", "t2"}
    assert {demo.rationale for demo in demos} == {rationale}


async def test_demos_are_selected_by_likeness() -> None:
    wrong = tuple(Case(input=row.text, expected="x", output="y") for row in TRAIN[1:4:2])
    [near] = await DemoSelect(by="similar", shots=2).propose(request(wrong), None)  # type: ignore[arg-type]
    assert {demo.source for demo in near.program.main.demos} == {"t1", "t3"}
    [far] = await DemoSelect(by="diverse", shots=2).propose(request(), None)  # type: ignore[arg-type]
    assert len({demo.input.split()[0] for demo in far.program.main.demos}) == 2
    assert await DemoSelect(by="similar").propose(request(), None) == []  # type: ignore[arg-type]


def search(scores: dict[str, list[float]], *, round: int = 1, room: int = 400, memory: Any = None) -> Search:
    val = tuple(f"v{n}" for n in range(40))
    names = {name: Candidate(id=name, program=Program.of(name), operator="x", status="racing") for name in scores}
    examples = {row: Example(id=row, input=row, outputs=(row,)) for row in val}
    made = Search(
        archive=Archive(names.values()),
        train=(),
        val=val,
        seed=1,
        round=round,
        step=round,
        remaining_runs=room,
        total_runs=400,
        examples=examples,
        memory={} if memory is None else memory,
    )
    for name, row in scores.items():
        for example, one in zip(row_order(made), row, strict=False):
            made.archive.scores.add(
                Evaluation(candidate=name, example=example, split="val", output="", answer=None, score=one)
            )
    return made


def test_a_minibatch_is_the_same_rows_for_newcomers_and_the_rest_for_the_best() -> None:
    allocator, memory = MinibatchEvaluation(rows=10, every=5), dict[str, Any]()
    first = allocator.ask(search({"a": [], "b": []}, memory=memory), ["a", "b"])
    rows = [{pair.example for pair in first if pair.candidate == name} for name in "ab"]
    assert rows[0] == rows[1]
    assert len(rows[0]) == 10
    assert allocator.ask(search({"a": [], "b": []}, memory=memory), ["a", "b"]) == []
    whole = allocator.ask(search({"a": [1.0] * 10, "b": [0.0] * 10}, round=5, memory={"stage": 1}), ["b"])
    assert {pair.candidate for pair in whole} == {"a"}
    assert len(whole) == 30


def test_thompson_meets_all_and_then_pulls_the_better_one_more_often_within_its_purse() -> None:
    allocator, memory = ThompsonSampling(first=4, pulls=20, batches=1), dict[str, Any]()
    met = allocator.ask(search({"good": [], "bad": []}, room=60, memory=memory), ["good", "bad"])
    assert Counter(pair.candidate for pair in met) == {"good": 4, "bad": 4}
    told = {"good": [1.0] * 9 + [0.0], "bad": [0.0] * 9 + [1.0]}
    drawn = allocator.ask(search(told, room=60, memory=memory), list(told))
    counts = Counter(pair.candidate for pair in drawn)
    assert counts["good"] >= 18
    assert sum(counts.values()) == len({(pair.candidate, pair.example) for pair in drawn}) == 20
    assert allocator.ask(search(told, room=40, memory=memory), list(told)) == []
