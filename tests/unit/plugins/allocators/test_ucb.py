"""The bandit's arms: a candidate that is measured to the end is followed by the next."""

from __future__ import annotations

from maieutic.core.candidate import Archive, Candidate
from maieutic.core.program import Program
from maieutic.core.score import Evaluation
from maieutic.core.search_types import Search
from maieutic.plugins.allocators.ucb import UpperConfidenceBound


def test_arms_are_chosen_among_those_with_rows_left() -> None:
    archive, rows = Archive(), tuple(f"v{number}" for number in range(6))
    for name, seen in (("best", 6), ("good", 6), ("poor", 2), ("new", 0)):
        archive.add(Candidate(id=name, program=Program.of(name), operator="gradient", status="racing"))
        for row in rows[:seen]:
            score = float(name != "poor")
            fact = Evaluation(candidate=name, example=row, split="val", output="", answer="", score=score)
            archive.scores.add(fact)
    search = Search(archive=archive, train=(), val=rows, seed=1, round=1, step=3, remaining_runs=99, total_runs=9999)
    asked = UpperConfidenceBound(arms=2, rows=3, c=0.1).ask(search, ["best", "good", "poor", "new"])
    assert [pair.candidate for pair in asked] == ["new"] * 3 + ["poor"] * 3
