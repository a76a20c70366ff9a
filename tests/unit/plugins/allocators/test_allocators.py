"""Allocators: what they may ask for, whatever is known already."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from maieutic.core.candidate import Archive, Candidate
from maieutic.core.dataset import Example
from maieutic.core.identity import seeded_random
from maieutic.core.program import Program
from maieutic.core.score import Evaluation
from maieutic.core.search_types import Search
from maieutic.plugins.allocators.common import missing_measurements, row_order
from maieutic.plugins.allocators.full_evaluation import FullEvaluation
from maieutic.plugins.allocators.pooled_race import PooledRace
from maieutic.plugins.allocators.successive_halving import SuccessiveHalving
from maieutic.plugins.allocators.ucb import UpperConfidenceBound

LABELS = ("red", "blue", "green")
MAKERS = {
    "full": lambda: FullEvaluation(rows=7),
    "halving": SuccessiveHalving,
    "ucb": lambda: UpperConfidenceBound(rows=3, arms=3),
    "race": PooledRace,
}


def world(count: int, rows: int, known: int, room: int, seed: int, *, labels: int = 2, shown: bool = False) -> Search:
    """A search with some pairs measured already, by chance."""
    rng = seeded_random(seed, "world")
    examples = {f"v{n}": Example(id=f"v{n}", input=f"row {n}", outputs=(LABELS[n % labels],)) for n in range(rows)}
    archive = Archive()
    for number in range(count):
        program = Program.of(f"prompt {number}")
        parents = (f"c{number // 2}",) if number else ()
        archive.add(
            Candidate(id=f"c{number}", program=program, parents=parents, operator="demos", status="racing", step=1)
        )
    pairs = [(one, row) for one in archive.candidates for row in examples]
    for one, row in rng.sample(pairs, min(known, len(pairs))):
        score = float(rng.random() < 0.6)
        spoken = {label: -rng.random() - 0.1 for label in LABELS[:labels]} if shown else {}
        archive.scores.add(
            Evaluation(
                candidate=one,
                example=row,
                split="val",
                output="red",
                answer="red",
                score=score,
                likelihoods=spoken,
            )
        )
    return Search(
        archive=archive,
        train=(),
        val=tuple(examples),
        seed=seed,
        round=1,
        step=3,
        remaining_runs=room,
        total_runs=max(room, 10),
        operators={"demos": 1.0},
        examples=examples,
    )


worlds = st.builds(
    world,
    count=st.integers(1, 6),
    rows=st.integers(2, 15),
    known=st.integers(0, 60),
    room=st.integers(0, 40),
    seed=st.integers(0, 10_000),
    labels=st.integers(1, 3),
    shown=st.booleans(),
)


@pytest.mark.parametrize("name", MAKERS)
@settings(max_examples=40)
@given(search=worlds)
def test_allocators_ask_for_new_pairs_of_the_pool_within_the_room_and_come_to_an_end(name: str, search: Search) -> None:
    allocator: Any = MAKERS[name]()
    pool = list(search.archive.candidates)
    known = {(one.candidate, one.example) for one in search.archive.scores}
    for _ in range(200):
        pairs = [(pair.candidate, pair.example) for pair in allocator.ask(search, pool)]
        assert len(pairs) <= search.remaining_runs
        assert len(pairs) == len(set(pairs))
        assert known.isdisjoint(pairs)
        assert all(row in search.val and one in search.archive for one, row in pairs)
        search.memory = json.loads(json.dumps(search.memory))
        if not pairs:
            break
        for one, row in pairs:
            known.add((one, row))
            search.archive.scores.add(
                Evaluation(candidate=one, example=row, split="val", output="red", answer="red", score=len(row) % 2)
            )
        search.remaining_runs -= len(pairs)
    else:
        pytest.fail("the allocator never has enough")
    verdicts = allocator.tell(search, pool)
    assert set(verdicts) <= set(pool)
    assert set(verdicts.values()) <= {"keep", "drop", "undecided"}


@pytest.mark.parametrize("name", MAKERS)
@settings(max_examples=20)
@given(search=worlds)
def test_allocators_are_pure(name: str, search: Search) -> None:
    pool, memory = list(search.archive.candidates), dict(search.memory)
    first = list(MAKERS[name]().ask(search, pool))  # type: ignore[attr-defined]
    search.memory = memory
    assert list(MAKERS[name]().ask(search, pool)) == first  # type: ignore[attr-defined]


@settings(max_examples=40)
@given(search=worlds)
def test_the_row_order_is_all_rows_once_and_any_beginning_is_balanced(search: Search) -> None:
    order = row_order(search)
    assert sorted(order) == sorted(search.val)
    assert order == row_order(search)
    whole = Counter(search.examples[row].output for row in order)
    least = min(whole.values())
    for cut in range(1, least * len(whole) + 1):
        begun = Counter(search.examples[row].output for row in order[:cut])
        assert max(begun.values()) - min(begun.get(label, 0) for label in whole) <= 1


def test_open_answers_are_only_shuffled() -> None:
    search = world(1, 15, 0, 10, 3)
    search.examples = {row: Example(id=row, input=row, outputs=(f"answer {row}",)) for row in search.val}
    assert sorted(row_order(search)) == sorted(search.val)
    assert row_order(search) != list(search.val)


def test_where_answers_are_copied_from_the_input_the_places_take_turns() -> None:
    search = world(1, 30, 0, 10, 3)
    search.examples = {
        row: Example(id=row, input=f"a{n}, b{n}", outputs=(f"{'ab'[n % 3 > 0]}{n}",))
        for n, row in enumerate(search.val)
    }
    order = row_order(search)
    assert sorted(order) == sorted(search.val)
    places = [search.examples[row].output[0] for row in order[:20]]  # type: ignore[index]
    assert all(places[n : n + 2].count("a") == 1 for n in range(0, 20, 2))


def test_missing_goes_candidate_by_candidate() -> None:
    search = world(2, 3, 0, 10, 1)
    asked = [(pair.candidate, pair.example) for pair in missing_measurements(search, ["c1", "c0"], ["v2", "v0"])]
    assert asked == [("c1", "v2"), ("c1", "v0"), ("c0", "v2"), ("c0", "v0")]


def test_full_gives_all_the_same_rows_when_the_room_is_short() -> None:
    search = world(3, 10, 0, 11, 1)
    rows = Counter(pair.candidate for pair in FullEvaluation().ask(search, ["c0", "c1", "c2"]))
    assert set(rows.values()) == {3}


def test_halving_drops_the_worse_half_at_each_level() -> None:
    search = world(4, 12, 0, 48, 1)
    halving, pool = SuccessiveHalving(), ["c0", "c1", "c2", "c3"]
    while pairs := halving.ask(search, pool):
        for pair in pairs:
            score = float(pair.candidate in ("c2", "c3"))
            search.archive.scores.add(
                Evaluation(
                    candidate=pair.candidate, example=pair.example, split="val", output="", answer="", score=score
                )
            )
        search.remaining_runs -= len(pairs)
    told = halving.tell(search, pool)
    assert told["c0"] == told["c1"] == "drop"
    assert "keep" in (told["c2"], told["c3"])


def test_ucb_meets_everybody_before_it_prefers_anybody() -> None:
    search = world(5, 9, 0, 300, 1)
    asked = UpperConfidenceBound(arms=5, rows=2).ask(search, list(search.archive.candidates))
    assert Counter(pair.candidate for pair in asked) == dict.fromkeys(search.archive.candidates, 2)
    search.total_runs = 100
    assert len(UpperConfidenceBound(arms=5, rows=2).ask(search, list(search.archive.candidates))) == 5, (
        "a small budget goes round"
    )


@pytest.mark.parametrize(
    ("likelihoods", "capable", "budget", "rows"),
    [
        ({"red": -0.6, "blue": -0.8}, True, 400, [4, 4, 4, 4]),
        ({}, True, 400, [4, 4, 15, 15]),
        ({}, True, 160, [4, 4, 8, 8]),
        ({}, False, 160, [4, 4, 15, 15]),
    ],
)
def test_without_likelihoods_the_better_half_is_measured_further_as_the_budget_pays(
    likelihoods: dict[str, float], capable: bool, budget: int, rows: list[int]
) -> None:
    """With capable authors a small budget pays for fewer examples, so that it lasts for a second round."""
    search, race = replace(world(4, 15, 0, budget, 0), capable=capable), PooledRace()
    pool = list(search.archive.candidates)
    for _ in range(2):
        for pair in race.ask(search, pool):
            score = float(int(pair.candidate[1]) + int(pair.example[1:]) > 12)
            evaluation = Evaluation(
                candidate=pair.candidate,
                example=pair.example,
                split="val",
                output="red",
                answer="red",
                score=score,
                likelihoods=likelihoods,
            )
            search.archive.scores.add(evaluation)
        if rows == [4, 4, 4, 4]:
            break
    assert sorted(search.archive.scores.count(name, search.val) for name in pool) == rows
