"""What a strategy may decide on: enough rows, what the allocator says, what a person left standing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from maieutic.core.candidate import Archive, Candidate, Status
from maieutic.core.program import Program
from maieutic.core.score import Evaluation
from maieutic.core.search_types import Search
from maieutic.plugins.strategies.grow_and_prune import GrowAndPrune
from maieutic.plugins.strategies.planned_path import PlannedPath
from maieutic.plugins.strategies.propose_then_select import ProposeThenSelect

Scores = Mapping[str, Sequence[float]]


def search(scores: Scores, status: Mapping[str, Status] | None = None, **fields: Any) -> Search:
    """Candidates in order, the first one the start, each with its scores on the first val rows."""
    archive = Archive()
    for name, seen in scores.items():
        state = (status or {}).get(name, "racing")
        archive.add(Candidate(id=name, program=Program.of(name), operator="induce", status=state))
        for row, score in enumerate(seen):
            fact = Evaluation(candidate=name, example=f"v{row}", split="val", output="", answer="", score=score)
            archive.scores.add(fact)
    given: dict[str, Any] = {
        "seed": 1,
        "round": 1,
        "step": 3,
        "remaining_runs": 200,
        "total_runs": 400,
        "operators": {"induce": 1.0},
    }
    return Search(archive=archive, train=(), val=tuple(f"v{row}" for row in range(20)), **{**given, **fields})


def test_who_went_after_a_row_does_not_beat_who_came_to_the_last_level() -> None:
    told = search({"start": [0.0], "lucky": [1.0], "finalist": [1, 1, 1, 0] * 5, "second": [1, 0] * 5})
    verdicts: Any = {"start": "drop", "lucky": "drop", "finalist": "keep", "second": "drop"}
    kept = ProposeThenSelect().tell(told, list(verdicts), verdicts)
    assert kept == {**dict.fromkeys(verdicts, "drop"), "finalist": "keep"}


def test_of_those_that_are_left_the_best_on_enough_rows_stays() -> None:
    told = search({"start": [1, 0] * 8, "cut short": [1, 1, 1], "best": [1, 1, 1, 0] * 4, "none": []})
    assert ProposeThenSelect().tell(told, ["start", "cut short", "best", "none"], {}) == {
        "start": "drop",
        "cut short": "drop",
        "best": "keep",
        "none": "drop",
    }


def test_what_a_person_took_out_while_it_was_measured_is_not_what_stays() -> None:
    told = search({"start": [1, 0] * 8, "vetoed": [1] * 16}, {"vetoed": "vetoed"})
    assert ProposeThenSelect().tell(told, ["start", "vetoed"], {})["start"] == "keep"


def test_where_nothing_was_measured_a_pool_decides_nothing() -> None:
    assert ProposeThenSelect().tell(search({"start": [], "one": []}), ["start", "one"], {}) == {}


def test_a_child_that_was_right_on_a_row_or_three_takes_no_lead() -> None:
    told = search({"start": [1, 0] * 8, "lucky": [1, 1, 1], "child": [1, 1, 1, 0] * 2})
    assert GrowAndPrune().tell(told, ["start", "lucky"], {}) == {"start": "keep", "lucky": "drop"}
    assert GrowAndPrune().tell(told, ["start", "lucky", "child"], {})["child"] == "keep", "half of the rows are enough"


def test_what_was_measured_on_a_row_cuts_no_branch() -> None:
    told = search({"start": [1, 0] * 8, "without": [1]}, memory={"cutting": True})
    assert GrowAndPrune().tell(told, ["start", "without"], {})["start"] == "keep"
    assert told.memory["whole"]


def test_a_child_that_a_person_took_out_does_not_lead() -> None:
    told = search({"start": [1, 0] * 8, "vetoed": [1] * 16, "child": [1, 1, 1, 0] * 4}, {"vetoed": "vetoed"})
    assert GrowAndPrune().tell(told, ["start", "vetoed", "child"], {})["child"] == "keep"


def test_a_pass_that_brought_nothing_new_does_not_end_the_walk() -> None:
    told, planned = (
        search({"start": [0] * 8, "one": [1, 0] * 4}, plan=("only",), memory={"newest": "one"}),
        PlannedPath(),
    )
    assert planned.ask(told)
    for round in (1, 2):
        told.round = round
        planned.tell(told, planned.pool(told, []), {})
    told.round = 3
    assert told.memory["means"] == [0.5]
    assert planned.ask(told), "the second pass could not be read: it has no score that could be alike"


def test_a_path_laid_anew_is_walked_from_its_first_step() -> None:
    told, planned = search({"start": [0] * 8, "one": [1, 0] * 4}, plan=("a", "b"), round=1), PlannedPath()
    planned.ask(told)
    planned.pool(told, [])
    told.round, told.plan = 2, ("x", "y", "z")
    walked = []
    for told.round in (2, 3, 4):
        walked.append(planned.ask(told)[0].plan_step)
        assert bool(planned.pool(told, [])) == (told.round == 4), "measured after the last step"
    assert walked == ["x", "y", "z"]


def test_a_walk_goes_on_from_the_best_where_a_person_took_the_newest_out() -> None:
    scores = {"start": [0] * 8, "good": [1] * 8, "bad": [1, 0] * 4, "newest": [1, 0] * 4}
    told = search(scores, {"newest": "vetoed"}, memory={"newest": "newest"})
    assert [order.parents for order in PlannedPath().ask(told)] == [("good",)]
    assert PlannedPath().pool(told, []) == ["start", "good"]
