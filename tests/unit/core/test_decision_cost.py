"""What a decision costs as a run grows, counted in executed bytecodes, so that no clock and no load can change it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest
from maieutic.core.candidate import Archive, Candidate
from maieutic.core.dataset import Example
from maieutic.core.identity import seeded_random
from maieutic.core.program import Program
from maieutic.core.score import Evaluation
from maieutic.core.search_types import Search
from maieutic.core.stats.pooled_estimate import pooled_estimates
from maieutic.plugins.strategies.pareto import pareto_front

VAL = tuple(f"v{number}" for number in range(200))
EXAMPLES = {row: Example(id=row, input=f"review {row}", outputs=(("red", "blue")[int(row[1:]) % 2],)) for row in VAL}


def evaluation(candidate: str, row: str, score: float) -> Evaluation:
    return Evaluation(candidate=candidate, example=row, split="val", output="red", answer="red", score=score)


def archive_of(candidates: int, rows: int) -> Archive:
    rng, archive = seeded_random(0, "cost", candidates, rows), Archive()
    archive.scores.track(VAL)
    for number in range(candidates):
        program = Program.of(f"Say the colour, as painter {number % 5}.")
        archive.add(Candidate(id=f"c{number}", program=program, operator="o", status="kept"))
        for row in rng.sample(VAL, rows):
            archive.scores.add(evaluation(f"c{number}", row, float(rng.random() < 0.5)))
    return archive


def bytecodes(work: Callable[[], Any]) -> int:
    """How many bytecodes of Python a call executes."""
    count = 0

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal count
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        count += event == "opcode"
        return trace

    previous = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(previous)
    return count


def test_means_and_counts_cost_the_same_at_any_number_of_evaluations() -> None:
    costs = []
    for rows in (10, 160):
        archive = archive_of(10, rows)
        archive.scores.add(evaluation("c3", "v0", 1.0))
        costs.append(
            bytecodes(
                lambda archive=archive: [  # type: ignore[misc]
                    archive.ranked(archive.alive, VAL),
                    [archive.scores.count(name, VAL) for name in archive.candidates],
                    len(archive.scores),
                    archive.scores.count("c1"),
                ]
            )
        )
    assert costs[1] <= 1.05 * costs[0]


def test_an_estimate_after_one_more_evaluation_costs_what_changed() -> None:
    """Sixteen times as many evaluations of as many candidates: once with nothing known, then after one more."""
    costs = {}
    for rows in (10, 160):
        archive = archive_of(20, rows)
        candidates = list(archive.candidates.values())
        cold = bytecodes(lambda: pooled_estimates(archive, candidates, EXAMPLES, VAL))  # noqa: B023
        archive.scores.add(evaluation("c3", "v0", 1.0))
        warm = bytecodes(lambda: pooled_estimates(archive, candidates, EXAMPLES, VAL))  # noqa: B023
        again = bytecodes(lambda: pooled_estimates(archive, candidates, EXAMPLES, VAL))  # noqa: B023
        costs[rows] = (cold, warm, again)
    assert costs[160][1] < 3 * costs[10][1]  # only the candidate that was measured is read again
    assert costs[160][1] < costs[160][0] / 5
    assert costs[160][2] < costs[160][1] / 20


@pytest.mark.parametrize("size", [40])
def test_a_front_costs_in_proportion_to_its_candidates(size: int) -> None:
    costs = []
    for candidates in (size, 4 * size):
        archive = archive_of(candidates, 20)
        search = Search(
            archive=archive.read_only, train=(), val=VAL, seed=0, round=1, step=1, remaining_runs=9, total_runs=9
        )
        costs.append(bytecodes(lambda search=search: pareto_front(search)))  # type: ignore[misc]
    assert costs[1] < 6 * costs[0]
