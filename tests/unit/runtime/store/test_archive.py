from __future__ import annotations

import asyncio
from itertools import count
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from maieutic.core.candidate import Candidate, Status
from maieutic.core.errors import RunFailed
from maieutic.core.program import Program
from maieutic.core.prompt import Branch, Demo, Format, Prompt, Section
from maieutic.core.routing import Router
from maieutic.core.score import Evaluation, Score
from maieutic.runtime.store import RunRecord, StatusChange, Store

RUN = "r-one"
FRESH = (f"r-{number}" for number in count(100))

words = st.text(max_size=20)
names = st.text(min_size=1, max_size=8)
numbers = st.floats(allow_nan=False)
unit = st.floats(min_value=0, max_value=1)
branches = st.recursive(
    st.builds(Branch, when=words, then=words),
    lambda inner: st.builds(Branch, when=words, then=words, branches=st.tuples(inner)),
    max_leaves=3,
)
prompts = st.builds(
    Prompt,
    system=words,
    instruction=words,
    sections=st.lists(st.builds(Section, name=words, text=words), max_size=2).map(tuple),
    principles=st.lists(words, max_size=2).map(tuple),
    branches=st.lists(branches, max_size=2).map(tuple),
    demos=st.lists(st.builds(Demo, input=words, output=words, rationale=st.none() | words), max_size=2).map(tuple),
    format=st.builds(Format, placement=st.sampled_from(["user", "system", "first"]), separator=words),
    placeholders=st.just(()),
)
routers = st.builds(Router, kind=st.just("nearest"), anchors=st.dictionaries(names, st.tuples(words), max_size=2))
programs = st.builds(
    Program, prompts=st.dictionaries(names, prompts, min_size=1, max_size=3), router=st.none() | routers
)
candidates = st.builds(
    Candidate,
    id=names,
    program=programs,
    parents=st.lists(names, max_size=3).map(tuple),
    operator=words,
    rationale=words,
    status=st.sampled_from(get_args(Status)),
    reason=words,
    round=st.integers(0, 2**40),
    step=st.integers(0, 2**40),
)
scores = st.builds(
    Score,
    value=unit,
    values=st.dictionaries(names, numbers, max_size=2),
    feedback=st.none() | words,
    failure=st.sampled_from([None, "format", "example"]),
)
evaluations = st.builds(
    Evaluation,
    candidate=st.just("c-start"),
    example=names,
    split=st.sampled_from(["train", "val", "test", "target"]),
    output=words,
    answer=st.none() | words,
    score=unit,
    scores=st.dictionaries(names, scores, max_size=2),
    likelihoods=st.dictionaries(names, numbers, max_size=2),
    step=st.integers(0, 2**40),
)


async def new_run(store: Store) -> str:
    run = next(FRESH)
    await store.create_run(RunRecord(id=run, task="t", recipe="auto"))
    return run


def candidate(name: str, **fields: Any) -> Candidate:
    return Candidate(id=name, program=Program.of(f"Prompt of {name}."), operator="gradient", **fields)


def evaluation(example: str, **fields: Any) -> Evaluation:
    given_fields = {"candidate": "c-start", "split": "val", "output": "yes", "answer": "yes", "score": 1.0, **fields}
    return Evaluation(example=example, **given_fields)


@settings(max_examples=40, deadline=None)
@given(rows=st.lists(candidates, max_size=4, unique_by=lambda one: one.id))
def test_candidates_come_back_as_they_were_saved(shelf: Store, rows: list[Candidate]) -> None:
    async def save() -> str:
        run = await new_run(shelf)
        await shelf.save_candidates(run, rows)
        await shelf.save_candidates(run, rows)
        return run

    assert shelf.candidates(asyncio.run(save())) == rows


@settings(max_examples=40, deadline=None)
@given(rows=st.lists(evaluations, max_size=5, unique_by=lambda one: (one.example, one.split)))
def test_evaluations_come_back_as_they_were_saved(shelf: Store, rows: list[Evaluation]) -> None:
    async def save() -> str:
        run = await new_run(shelf)
        await shelf.save_candidates(run, [candidate("c-start")])
        await shelf.save_evaluations(run, rows)
        return run

    assert shelf.evaluations(asyncio.run(save())) == rows


@settings(max_examples=20, deadline=None)
@given(rows=st.lists(programs, max_size=3))
def test_programs_are_kept_by_content(shelf: Store, rows: list[Program]) -> None:
    asyncio.run(shelf.save_programs([*rows, *rows]))
    assert [shelf.program(one.id) for one in rows] == rows
    assert shelf.program("g-none") is None


def test_a_field_that_candidates_gain_must_be_stored_too() -> None:
    stored = {"id", "program", "parents", "operator", "rationale", "status", "reason", "round", "step"}
    assert set(Candidate.model_fields) == stored


async def test_the_first_of_two_candidates_with_one_id_stays(store: Store) -> None:
    first = candidate("c-1", parents=("c-start",), rationale="first")
    await store.save_candidates(RUN, [first])
    await store.save_candidates(RUN, [candidate("c-1", parents=("c-x", "c-y"), rationale="second")])
    assert store.candidates(RUN)[1:] == [first]


async def test_candidates_keep_the_order_they_came_in(store: Store) -> None:
    await store.save_candidates(RUN, [candidate("z", step=3), candidate("a", step=1)])
    await store.save_candidates(RUN, [candidate("m", step=2)])
    assert [one.id for one in store.candidates(RUN)] == ["c-start", "z", "a", "m"]


async def test_each_step_sees_the_archive_as_it_was_when_it_began(store: Store) -> None:
    await store.save_candidates(RUN, [candidate("a", step=1), candidate("b", step=3)])
    await store.save_status_changes(RUN, [StatusChange(candidate="a", step=2, status="racing")])
    await store.save_status_changes(RUN, [StatusChange(candidate="a", step=4, status="dropped", reason="behind")])

    def seen(before: int | None) -> list[tuple[str, str, str]]:
        return [(c.id, c.status, c.reason) for c in store.candidates(RUN, before_step=before) if c.id != "c-start"]

    assert seen(1) == []
    assert seen(2) == [("a", "proposed", "")]
    assert seen(3) == [("a", "racing", "")]
    assert seen(4) == [("a", "racing", ""), ("b", "proposed", "")]
    assert seen(5) == seen(None) == [("a", "dropped", "behind"), ("b", "proposed", "")]


async def test_a_step_that_is_run_again_replaces_its_own_verdict(store: Store) -> None:
    await store.save_status_changes(RUN, [StatusChange(candidate="c-start", step=2, status="dropped", reason="first")])
    await store.save_status_changes(RUN, [StatusChange(candidate="c-start", step=2, status="kept")])
    assert [(c.status, c.reason) for c in store.candidates(RUN)] == [("kept", "")]


async def test_evaluations_are_filtered_by_step_split_and_candidate(store: Store) -> None:
    await store.save_candidates(RUN, [candidate("a")])
    rows = [
        evaluation("e1", step=1),
        evaluation("e2", step=2, split="train"),
        evaluation("e1", step=3, candidate="a"),
    ]
    await store.save_evaluations(RUN, rows)
    assert store.evaluations(RUN) == rows
    assert store.evaluations(RUN, before_step=2) == rows[:1]
    assert store.evaluations(RUN, split="val") == [rows[0], rows[2]]
    assert store.evaluations(RUN, candidate="a") == rows[2:]
    assert store.evaluations(RUN, before_step=3, split="val", candidate="c-start") == rows[:1]


async def test_what_was_measured_first_stays(store: Store) -> None:
    await store.save_evaluations(RUN, [evaluation("e1", score=1.0)])
    await store.save_evaluations(RUN, [evaluation("e1", score=0.0), evaluation("e2", score=0.5)])
    assert [one.score for one in store.evaluations(RUN)] == [1.0, 0.5]


async def test_runs_do_not_see_each_other(store: Store) -> None:
    other = await new_run(store)
    await store.save_evaluations(RUN, [evaluation("e1")])
    assert store.candidates(other) == []
    assert store.evaluations(other) == []


async def test_evidence_without_its_candidate_is_refused(store: Store) -> None:
    with pytest.raises(RunFailed, match="FOREIGN KEY"):
        await store.save_evaluations(RUN, [evaluation("e1", candidate="c-unknown")])
    assert store.evaluations(RUN) == []


async def test_two_runs_share_one_program(store: Store) -> None:
    other = await new_run(store)
    start = store.candidates(RUN)
    await store.save_candidates(other, start)
    assert store.candidates(other) == start
