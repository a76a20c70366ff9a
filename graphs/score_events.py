"""What the log says of scores while a run goes on: the start prompt's first one, and each new leader's."""

from __future__ import annotations

from typing import Any

from ..core.candidate import Archive
from ..core.stats.intervals import mean_interval
from ..core.stats.pooled_estimate import pooled_estimates
from .run_context import RunContext


async def emit_baseline(session: RunContext, step: int) -> None:
    """Told once, when the start prompt was first measured: the key carries no step."""
    archive = session.archive(step + 1)
    if told := _score_fields(session, archive, archive.baseline.id):
        await session.emit("baseline_measured", 0, candidate=archive.baseline.id, **told)


async def emit_best_changed(session: RunContext, step: int, archive: Archive, best: str) -> None:
    """Another prompt leads. It may be one that nothing was measured of, where a person took all others out.

    score, low, high: what its rows say, as everywhere that a score is shown. expected: an estimate for all of val, in
    which few rows weigh little beside what is known of other candidates; no measurement.
    """
    told = _score_fields(session, archive, best)
    if told:
        val = [example.id for example in session.config.task.data.val]
        guess = pooled_estimates(archive, [archive[best]], session.examples, val)[best]
        told["expected"] = round(guess.mean, 4)
    await session.emit("best_changed", step, best, candidate=best, operator=archive[best].operator, **{"n": 0, **told})


def _score_fields(session: RunContext, archive: Archive, candidate: str) -> dict[str, Any]:
    """A candidate's mean on its val rows with the 95 % interval, as events have it; empty where it has none."""
    seen = archive.scores.row(candidate, [example.id for example in session.config.task.data.val])
    if not seen:
        return {}
    found = mean_interval([one.score for one in seen.values()])
    return {
        "score": round(found.value, 4),
        "low": round(found.low, 4),
        "high": round(found.high, 4),
        "n": len(seen),
    }
