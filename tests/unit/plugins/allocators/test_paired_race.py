"""The race of capo: what it measures when the budget runs out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest
from maieutic.core.candidate import Archive, Candidate
from maieutic.core.dataset import Example
from maieutic.core.program import Program
from maieutic.core.score import Evaluation
from maieutic.core.search_types import Search
from maieutic.plugins.allocators.common import row_order
from maieutic.plugins.allocators.paired_race import PairedRace


def search(shares: Mapping[str, float | None], *, met: int = 10, rows: int = 40, **fields: Any) -> Search:
    """Candidates that were right on such a share of the first `met` rows; None was not measured yet."""
    examples = {f"v{n}": Example(id=f"v{n}", input=f"row {n}", outputs=("yes",)) for n in range(rows)}
    archive = Archive()
    for name in shares:
        operator = "person" if name == "person" else "x"
        archive.add(Candidate(id=name, program=Program.of(name), operator=operator, status="racing"))
    given: dict[str, Any] = {"train": (), "seed": 1, "round": 5, "step": 9, "total_runs": 400, **fields}
    made = Search(archive=archive, val=tuple(examples), examples=examples, **given)
    for name, share in shares.items():
        for place, row in enumerate(row_order(made)[: met if share is not None else 0]):
            score = float(place < (share or 0) * met)
            archive.scores.add(Evaluation(candidate=name, example=row, split="val", output="", answer="", score=score))
    return made


LATE = {"start": 0.2, "a": 0.9, "b": 0.8, "c": 0.7, "d": 0.6, "new": None}


def test_in_the_end_the_best_and_the_start_are_measured_on_as_many_rows_more_as_fit() -> None:
    late = search(LATE, remaining_runs=80)
    pairs = PairedRace().ask(late, ["a", "b", "new"])
    assert Counter(pair.candidate for pair in pairs) == {"start": 20, "a": 20, "b": 20, "c": 20}
    assert {pair.example for pair in pairs} == set(row_order(late)[10:30]), "the next rows, the same for all"


def test_before_that_newcomers_are_raced() -> None:
    pairs = PairedRace().ask(search(LATE, remaining_runs=200), ["a", "b", "new"])
    assert Counter(pair.candidate for pair in pairs) == {"new": 10}


def test_a_round_without_anybody_new_spends_a_races_share_on_the_best() -> None:
    race, settled = PairedRace(), search(LATE, remaining_runs=200)
    pairs = race.ask(settled, ["a", "b"])
    assert len(pairs) == 50, "a quarter of the budget"
    assert {pair.candidate for pair in pairs} == {"start", "a", "b", "c"}
    for pair in pairs:
        told = {"split": "val", "output": "", "answer": "", "score": 1.0}
        settled.archive.scores.add(Evaluation(candidate=pair.candidate, example=pair.example, **told))  # type: ignore[arg-type]
    assert race.ask(settled, ["a", "b"]) == []


def test_where_nothing_lacks_newcomers_get_what_is_left() -> None:
    pairs = PairedRace().ask(search(LATE, met=40, remaining_runs=80), ["a", "b", "new"])
    assert {pair.candidate for pair in pairs} == {"new"}


def test_a_persons_prompt_is_met_in_the_end_too() -> None:
    late = search({**LATE, "person": None}, remaining_runs=40)
    pairs = PairedRace().ask(late, ["a", "person"])
    assert {pair.example for pair in pairs if pair.candidate == "person"} >= set(row_order(late)[:10])


@pytest.mark.parametrize("room", [1, 5, 40])
def test_a_room_that_is_small_from_the_first_meets_newcomers(room: int) -> None:
    pairs = PairedRace().ask(search({"start": None, "a": None, "b": None}, remaining_runs=room), ["start", "a", "b"])
    assert len(pairs) == min(room, 30)
    assert max(Counter(pair.candidate for pair in pairs).values()) <= -(-room // 3)
