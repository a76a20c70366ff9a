"""Blame: what a segment was found to be worth is not forgotten when a turn brings no gain."""

from __future__ import annotations

import pytest
from maieutic.core.candidate import Archive, Candidate, Status
from maieutic.core.dataset import Example
from maieutic.core.program import Program
from maieutic.core.score import Evaluation
from maieutic.core.search_types import Search
from maieutic.plugins.algorithms.segments import split_segments, without_segment
from maieutic.plugins.strategies.segment_ablation import SegmentAblation

START = "Be very kind. Say even or odd. Think of the number. Answer in one word."
WORTH = (0.5, 0.0, 0.1, 0.4)


def masked(status: Status) -> Search:
    """A start with each of its four segments masked and measured: the second and the third help least."""
    rows = {f"v{n}": Example(id=f"v{n}", input=f"row {n}", outputs=("yes",)) for n in range(10)}
    archive, program = Archive(), Program.of(START)
    archive.add(Candidate(id="start", program=program, operator="start", status="kept"))
    for place, segment in enumerate(split_segments(program.main, 8)):
        made = program.replace(without_segment(program.main, segment))
        archive.add(Candidate(id=f"m{place}", program=made, parents=("start",), operator="mask", status=status))
    for name, score in {"start": 0.5, **{f"m{place}": 0.5 - worth for place, worth in enumerate(WORTH)}}.items():
        for row in rows:
            archive.scores.add(Evaluation(candidate=name, example=row, split="val", output="", answer="", score=score))
    return Search(
        archive=archive,
        train=(),
        val=tuple(rows),
        seed=0,
        round=4,
        step=9,
        remaining_runs=900,
        total_runs=900,
        operators={"mask": 1.0, "segment": 1.0},
        examples=rows,
        memory={"current": "start", "stage": "rewrite", "idle": 1},
    )


@pytest.mark.parametrize("status", ["racing", "dropped"])
def test_after_a_turn_without_a_gain_the_least_useful_are_still_known(status: Status) -> None:
    search, blame = masked(status), SegmentAblation()
    (asked,) = blame.ask(search)
    assert asked.operator == "mask"
    blame.tell(search, ["start"], {})
    assert [order.options["segment"] for order in blame.ask(search)] == [1, 2]


def test_what_was_dropped_is_not_measured_again_and_what_a_person_took_out_is_not_looked_at() -> None:
    search, blame = masked("dropped"), SegmentAblation()
    blame.ask(search)
    assert blame.pool(search, []) == ["start"]
    search.archive.add(search.archive["m1"].model_copy(update={"status": "vetoed"}))
    assert sorted(blame.segment_worth(search)) == [0, 2, 3]


def test_a_prompt_is_divided_for_writing_as_it_was_for_masking() -> None:
    search, blame = masked("racing"), SegmentAblation()
    blame.ask(search)
    blame.tell(search, ["start"], {})
    search.total_runs = 100
    assert {order.options["most"] for order in blame.ask(search)} == {8}
    assert sorted(blame.segment_worth(search)) == [0, 1, 2, 3]
