"""The learned predictor: it leaves newcomers out while it can tell them apart, and says how well it can."""

from __future__ import annotations

from typing import Any

import pytest
from maieutic.core.candidate import Archive, Candidate
from maieutic.core.identity import seeded_random
from maieutic.core.program import Program
from maieutic.core.score import Evaluation
from maieutic.core.search_types import Search
from maieutic.plugins.allocators.predictive_filter import PredictiveFilter, predict_scores, rank_correlation

VAL = tuple(f"v{n}" for n in range(20))
GOOD, BAD = "name the label alone", "write a long essay with many thoughts"


def candidate(number: int, text: str, **fields: Any) -> Candidate:
    return Candidate(id=f"c{number}", program=Program.of(f"{text} {number}"), operator="x", status="racing", **fields)


def world(*, informative: bool, known: int = 12) -> Search:
    """Known candidates whose words tell their score, or do not; and four newcomers, two of each kind."""
    archive, rng = Archive(), seeded_random(1, "world")
    for number in range(known):
        good = number % 2 == 0
        archive.add(candidate(number, GOOD if good else BAD))
        right = (0.8 if good else 0.2) if informative else rng.random()
        for place, row in enumerate(VAL):
            score = float(place < right * len(VAL))
            archive.scores.add(
                Evaluation(candidate=f"c{number}", example=row, split="val", output="", answer="", score=score)
            )
    for number in range(100, 104):
        archive.add(candidate(number, GOOD if number % 2 == 0 else BAD))
    return Search(archive=archive, train=(), val=VAL, seed=0, round=3, step=9, remaining_runs=500, total_runs=500)


NEW = ["c100", "c101", "c102", "c103"]


def test_what_promises_nothing_is_not_paid_for_and_the_record_says_how_sure_that_is() -> None:
    search, allocator = world(informative=True), PredictiveFilter(rows=10)
    asked = allocator.ask(search, ["c0", *NEW])
    assert {pair.candidate for pair in asked} == {"c100", "c102"}
    assert {pair.example for pair in asked} == {pair.example for pair in asked if pair.candidate == "c100"}
    assert allocator.tell(search, ["c0", *NEW]) == {
        "c0": "undecided",
        "c100": "undecided",
        "c101": "drop",
        "c102": "undecided",
        "c103": "drop",
    }
    assert search.remarks["left_out"] == ["c101", "c103"] or set(search.remarks["left_out"]) == {"c101", "c103"}
    assert search.remarks["rank_correlation"] > 0.5
    assert allocator.ask(search, ["c0", *NEW]) == asked


@pytest.mark.parametrize("options", [{}, {"trust": 0.99}])
def test_a_predictor_that_cannot_rank_filters_nobody(options: dict[str, Any]) -> None:
    search = world(informative=bool(options))
    allocator = PredictiveFilter(rows=10, **{"trust": 0.5, **options})
    if options:
        search.archive.scores.add(
            Evaluation(candidate="c0", example="v0", split="val", output="", answer="", score=0.0)
        )
    asked = allocator.ask(search, NEW)
    agreement = search.memory["agreement"]
    assert ({pair.candidate for pair in asked} == set(NEW)) == (agreement < allocator.trust)
    assert set(allocator.tell(search, NEW).values()) == {"undecided"} or agreement >= allocator.trust
    assert search.remarks["rank_correlation"] == round(agreement, 3)


def test_with_few_measured_candidates_it_does_not_speak() -> None:
    search = world(informative=True, known=4)
    allocator = PredictiveFilter(rows=5)
    assert {pair.candidate for pair in allocator.ask(search, NEW)} == set(NEW)
    allocator.tell(search, NEW)
    assert search.remarks == {}


def test_a_persons_prompt_is_always_measured() -> None:
    search = world(informative=True)
    search.archive.add(search.archive["c101"].model_copy(update={"operator": "person"}))
    assert "c101" in {pair.candidate for pair in PredictiveFilter(rows=5).ask(search, NEW)}


def test_noise_is_not_mistaken_for_agreement() -> None:
    """Left out of the fit, a candidate's own score cannot flatter the figure."""
    rng, seen = seeded_random(4, "noise"), []
    for trial in range(30):
        known = [candidate(n, " ".join(rng.sample(GOOD.split() + BAD.split(), 5))) for n in range(12)]
        told = predict_scores(known, [rng.random() for _ in known], [20] * 12, [candidate(99, GOOD)])
        seen.append(told.agreement)
        assert trial < 0 or len(told.scores) == 1
    assert sum(seen) / len(seen) < 0.15


def test_rank_correlation_knows_ties_and_order() -> None:
    assert rank_correlation([1, 2, 3], [10, 20, 30]) == pytest.approx(1)
    assert rank_correlation([1, 2, 3], [3, 2, 1]) == pytest.approx(-1)
    assert rank_correlation([1, 1, 1], [1, 2, 3]) == 0
    assert rank_correlation([1, 1, 2, 3], [5, 5, 6, 7]) == pytest.approx(1)
