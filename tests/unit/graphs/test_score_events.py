"""What is told of the start and of who leads: what their rows say, as the scoreboard has it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from maieutic.core.candidate import Archive, Candidate
from maieutic.core.dataset import Example
from maieutic.core.program import Program
from maieutic.core.score import Evaluation, Score
from maieutic.core.stats.intervals import mean_interval
from maieutic.graphs import score_events as announcing

VAL = tuple(Example(id=f"v{n}", input=f"row {n}", outputs=("x",)) for n in range(20))


class Told:
    """A session as `announce` and `baseline` need one."""

    def __init__(self, scores: dict[str, list[float]]) -> None:
        people = [Candidate(id=name, program=Program.of(f"Prompt {name}."), operator="o") for name in scores]
        seen = [
            scored(name, row, value) for name, all_ in scores.items() for row, value in zip(VAL, all_, strict=False)
        ]
        self.kept = Archive(people, seen)
        self.config = SimpleNamespace(task=SimpleNamespace(data=SimpleNamespace(val=VAL)))
        self.examples = {row.id: row for row in VAL}
        self.events: dict[str, dict[str, Any]] = {}

    def archive(self, step: int) -> Archive:
        return self.kept

    async def emit(self, kind: str, step: int, *key: str, **data: Any) -> None:
        self.events[kind] = data


def scored(candidate: str, row: Example, value: float) -> Evaluation:
    rated = {"exact": Score(value=value)}
    return Evaluation(
        candidate=candidate, example=row.id, split="val", output="x", answer="x", score=value, scores=rated, step=2
    )


async def test_both_lines_give_the_mean_and_the_interval_of_the_scoreboard() -> None:
    told = Told({"c0": [1.0] * 4, "c1": [1.0] * 4})
    await announcing.emit_baseline(told, 2)  # type: ignore[arg-type]
    await announcing.emit_best_changed(told, 2, told.kept, "c1")  # type: ignore[arg-type]
    interval = mean_interval([1.0] * 4)
    wanted = {"score": 1.0, "low": round(interval.low, 4), "high": 1.0, "n": 4}
    start, best = told.events["baseline_measured"], told.events["best_changed"]
    assert start == {"candidate": "c0", **wanted}
    assert {key: best[key] for key in wanted} == wanted
    assert "expected" in best


async def test_the_estimate_is_told_under_its_own_name() -> None:
    told = Told({"c0": [0.0] * 20, "c1": [1.0] * 4})
    await announcing.emit_best_changed(told, 2, told.kept, "c1")  # type: ignore[arg-type]
    best = told.events["best_changed"]
    assert best["score"] == 1.0
    assert best["expected"] < 0.9


async def test_of_what_was_not_measured_no_score_is_told() -> None:
    told = Told({"c0": [1.0] * 4, "c1": []})
    await announcing.emit_best_changed(told, 2, told.kept, "c1")  # type: ignore[arg-type]
    assert told.events["best_changed"] == {"candidate": "c1", "operator": "o", "n": 0}
