"""Two prompts on the same rows: which one scores better, and whether the rows can tell."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from ..core.budget import Budget
from ..core.dataset import Split
from ..core.errors import UsageError
from ..core.program import Program
from ..core.report import Flips
from ..core.stats.intervals import Interval, count_flips, mean_interval
from ..core.stats.tests import Difference, Verdict, compare_paired, verdict
from ..core.task import Task
from ..plugins.system.registry import Registry
from .evaluate import checked_examples, evaluate_program


class Comparison(BaseModel):
    """a, b: means on the `n` rows that both were scored on. difference, flips, verdict: of b against a, paired, as a
    report has them for the best against the start."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    task: str
    model: str
    split: Split
    a: Interval
    b: Interval
    difference: Difference
    flips: Flips
    verdict: Verdict
    n: int


async def compare_programs(
    task: Task,
    a: Program,
    b: Program,
    *,
    split: Split = "test",
    concurrency: int = 4,
    folder: Path | str = ".maieutic",
    registry: Registry | None = None,
    budget: Budget | None = None,
) -> Comparison:
    """Both on the split's rows with the task's target. budget: of each of the two, else what the rows take. Raises
    UsageError where the two are the same program or no row was scored for both, and as `score` does."""
    if a.id == b.id:
        raise UsageError("both are the same prompt: there is nothing to compare", where=task.name)
    for one in (a, b):
        checked_examples(task, one, split)  # before the first of them is paid for
    found = []
    for one in (a, b):
        done = await evaluate_program(
            task, one, split=split, concurrency=concurrency, folder=folder, registry=registry, budget=budget
        )
        found.append({seen.example: seen.score for seen in done})
    rows = [row for row in found[0] if row in found[1]]
    if not rows:
        raise UsageError("no row was scored for both prompts", where=task.name, remedy="raise --calls")
    before, after = ([scores[row] for row in rows] for scores in found)
    gained = compare_paired(before, after, seed=0)
    better, worse = count_flips(before, after)
    return Comparison(
        task=task.name,
        model=task.models.target.id,
        split=split,
        a=mean_interval(before),
        b=mean_interval(after),
        difference=gained,
        flips=Flips(gained=better, lost=worse),
        verdict=verdict(gained, gained.p),
        n=len(rows),
    )
