"""Events about scores while a run goes on: the baseline's first score, and each new best candidate's."""

from __future__ import annotations

from typing import Any

from ..core.candidate import Archive
from ..core.stats.intervals import mean_interval
from ..core.stats.pooled_estimate import pooled_estimates
from .run_context import RunContext


async def emit_baseline(context: RunContext, step: int) -> None:
    """Emitted once, when the baseline was first measured: the event's key has no step."""
    archive = context.archive(step + 1)
    if fields := _score_fields(context, archive, archive.baseline.id):
        await context.emit("baseline_measured", 0, candidate=archive.baseline.id, **fields)


async def emit_best_changed(context: RunContext, step: int, archive: Archive, best: str) -> None:
    """Another candidate is the best; it may be unmeasured, where a person vetoed all others.

    score, low, high: of its own examples. expected: an estimate for all of val, which shrinks a score of few examples
    towards those of other candidates; no measurement.
    """
    fields = _score_fields(context, archive, best)
    if fields:
        val = [example.id for example in context.config.task.data.val]
        estimate = pooled_estimates(archive, [archive[best]], context.examples, val)[best]
        fields["expected"] = round(estimate.mean, 4)
    operator = archive[best].operator
    await context.emit("best_changed", step, best, candidate=best, operator=operator, **{"n": 0, **fields})


def _score_fields(context: RunContext, archive: Archive, candidate: str) -> dict[str, Any]:
    """A candidate's mean on its val examples with the 95 % interval; empty where it has none."""
    evaluations = archive.scores.row(candidate, [example.id for example in context.config.task.data.val])
    if not evaluations:
        return {}
    interval = mean_interval([evaluation.score for evaluation in evaluations.values()])
    return {
        "score": round(interval.value, 4),
        "low": round(interval.low, 4),
        "high": round(interval.high, 4),
        "n": len(evaluations),
    }
