"""The last node: the end of the search becomes a fact of the store and of the graph's state."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

from ...core.report import Report
from ...runtime.monitor.budget_left import has_room_left
from ..directives.apply import refuse_late_directives
from ..run_context import RunContext, end_step
from ..state import RunState
from .report import report_summary


async def finish(context: RunContext, state: RunState) -> RunState:
    """Record the end. A search that a person stopped without a report can be continued, a finished one cannot."""
    step, stopped = state["step"], not state.get("report", True)
    await refuse_late_directives(context, state)
    report_json = None if stopped else context.store.pending_report(context.run)
    report = Report.model_validate_json(report_json) if report_json else None
    summary = report_summary(report) if report else {}
    end = report.search if report else None
    room = end.model_dump(exclude={"reason"}, exclude_none=True) if end and has_room_left(end.share) else {}
    ended: Literal["stopped", "finished"] = "stopped" if stopped else "finished"
    kind: Literal["run_stopped", "run_finished"] = "run_stopped" if stopped else "run_finished"
    events = await context.store.end_run(
        context.run,
        ended,
        context.event(kind, step, best=state["best"], reason=state["ending"], **summary, **room),
        reason=state["ending"],
        best=state["best"],
        best_score=report.best.score if report else None,
        calls=context.ledger.view().total.calls,
        finished=datetime.now(UTC).isoformat(),
    )
    context.deliver(events)
    return end_step(context, state, {"run": context.run, "step": step, "ended": ended})
