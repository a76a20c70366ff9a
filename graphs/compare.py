"""Two prompts on the same examples: which one scores better, and whether the examples can tell."""

from __future__ import annotations

from typing import Unpack

from pydantic import BaseModel, ConfigDict

from ..core.dataset import Split
from ..core.errors import UsageError
from ..core.program import Program
from ..core.report import FailedExamples, Flips
from ..core.score import Evaluation
from ..core.stats.intervals import Interval, count_flips, mean_interval
from ..core.stats.tests import Difference, Verdict, compare_paired, verdict
from ..core.task import Task
from ..plugins.system.registry import Registry
from .evaluate import checked_examples, evaluate_program
from .measuring.failures import failed_examples
from .run_options import MeasureKeywords


class Comparison(BaseModel):
    """a, b: means on the `n` examples, of the split's `of`, that both were scored on. difference, flips, verdict: of b
    against a, paired, as a report has them for the best against the baseline. failed: examples that failed for a or b;
    they count as 0 there."""

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
    of: int = 0
    failed: FailedExamples = FailedExamples()


async def compare_programs(
    task: Task,
    a: Program,
    b: Program,
    *,
    split: Split = "test",
    registry: Registry | None = None,
    **options: Unpack[MeasureKeywords],
) -> Comparison:
    """Score both on the split's examples with the task's target, and compare them in pairs.

    Args:
        **options: as `evaluate_program` takes them; the budget is for each of the two.

    Raises:
        UsageError: both are the same program, or no example was scored for both; and as `evaluate_program` does.
    """
    if a.id == b.id:
        raise UsageError("both are the same prompt: there is nothing to compare", where=task.name)
    for program in (a, b):
        checked_examples(task, program, split)  # before the first of them is paid for
    scores = []
    measured: list[Evaluation] = []
    for program in (a, b):
        evaluations = await evaluate_program(task, program, split=split, registry=registry, **options)
        measured += evaluations
        scores.append({evaluation.example: evaluation.score for evaluation in evaluations})
    rows = [row for row in scores[0] if row in scores[1]]
    if not rows:
        raise UsageError("no example was scored for both prompts", where=task.name, remedy="raise --calls")
    before, after = ([by_row[row] for row in rows] for by_row in scores)
    difference = compare_paired(before, after, seed=0)
    gained, lost = count_flips(before, after)
    return Comparison(
        task=task.name,
        model=task.models.target.id,
        split=split,
        a=mean_interval(before),
        b=mean_interval(after),
        difference=difference,
        flips=Flips(gained=gained, lost=lost),
        verdict=verdict(difference, difference.p),
        n=len(rows),
        of=len(task.data[split]),
        failed=failed_examples(measured),
    )
