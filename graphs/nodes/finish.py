"""The last node: the run's record and log say that it is over."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

from ...core.report import Report
from ..directives.apply import refuse_late_directives
from ..run_context import RunContext, end_step
from ..state import RunState
from .report import report_summary


async def finish(context: RunContext, state: RunState) -> RunState:
    """Mark the run finished. One that a person stopped without a report is stopped, and can be resumed."""
    step, stopped = state["step"], not state.get("report", True)
    await refuse_late_directives(context, state)
    report_json = None if stopped else context.store.report(context.run)
    report = Report.model_validate_json(report_json) if report_json else None
    await context.store.update_run(
        context.run,
        state="stopped" if stopped else "finished",
        best=state["best"],
        best_score=report.best.score if report else None,
        calls=context.ledger.view().total.calls,
        finished=datetime.now(UTC).isoformat(),
    )
    summary = report_summary(report) if report else {}
    kind: Literal["run_stopped", "run_finished"] = "run_stopped" if stopped else "run_finished"
    await context.emit(kind, step, best=state["best"], reason=state["ending"], **summary)
    return end_step(context, state, {"run": context.run, "step": step})
