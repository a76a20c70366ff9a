"""The report: opens the sealed split once, and says what it shows."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Literal

from ...core.budget import LedgerView
from ...core.candidate import Archive, Candidate
from ...core.dataset import Example
from ...core.identity import seeded_random
from ...core.report import Report
from ...core.score import Evaluation, Response
from ...core.search_types import Duel
from ...runtime.reports.report_builder import ReportMeasurements, build_report
from ..measuring.duels import judge_duels
from ..measuring.measure import measure, only_evaluations
from ..measuring.test_set_budget import plan_held_out_test
from ..run_context import RunContext, end_step, ledger_summary
from ..state import RunState
from .steer import refuse_late_directives

_EXAMPLES_AT_ONCE = 8


async def report(session: RunContext, state: RunState) -> RunState:
    """Start and winner on the same sealed rows, and the start on some of them again, for the noise floor."""
    step, setup = state["step"], session.config
    if not state.get("report", True):
        return end_step(session, state, {"step": step})
    archive = session.archive(step)
    start, best = archive.baseline, archive[state["best"]]
    session.ledger.open_test_reserve()
    # By the account of the last step: a report that is written again after a crash draws the same rows.
    view, held = LedgerView.model_validate(state["ledger"]), _test_sample(session, state["sealed_rows"])
    fits = await plan_held_out_test(session, archive, start, best, held, view)
    if rows := _test_sample(session, fits.rows):
        await session.emit("test_opened", step, rows=len(rows))
        if setup.evaluators:
            measured = await _measure_test(session, start, best, rows, step, spare=fits.resampled)
        else:
            measured = await _judge_test(session, start, best, rows, step)
    elif not setup.evaluators:
        measured = _search_preferences(session, start, best, step)
    else:
        val = [example.id for example in setup.task.data.val]
        seen = archive.scores.row
        measured = ReportMeasurements(
            start=tuple(seen(start.id, val).values()), best=tuple(seen(best.id, val).values())
        )
    written = build_report(
        run=session.run,
        task=setup.task.without_test if setup.human_judged else setup.task,
        recipe=setup.recipe.name,
        seed=setup.seed,
        archive=archive,
        best=best.id,
        measured=measured,
        ledger=session.ledger.view(session.elapsed_seconds(state)),
    )
    written = written.model_copy(update={"warnings": (*written.warnings, *_test_reuse_warnings(session, rows))})
    await session.store.save_report(session.run, written.model_dump_json())
    await session.emit("report_written", step, **report_summary(written), ledger=ledger_summary(session))
    return end_step(session, state, {"step": step})


async def finish(session: RunContext, state: RunState) -> RunState:
    """The run's record and the log say that it is over. A run that a person stopped without a report is not: it can be
    taken up again."""
    step, stopped = state["step"], not state.get("report", True)
    await refuse_late_directives(session, state)
    text = None if stopped else session.store.report(session.run)
    written = Report.model_validate_json(text) if text else None
    await session.store.update_run(
        session.run,
        state="stopped" if stopped else "finished",
        best=state["best"],
        best_score=written.best.score if written else None,
        calls=session.ledger.view().total.calls,
        finished=datetime.now(UTC).isoformat(),
    )
    told = report_summary(written) if written else {}
    kind: Literal["run_stopped", "run_finished"] = "run_stopped" if stopped else "run_finished"
    await session.emit(kind, step, best=state["best"], reason=state["ending"], **told)
    return end_step(session, state, {"run": session.run, "step": step})


def report_summary(written: Report) -> dict[str, Any]:
    """The report in one flat line, for events."""
    return {
        "verdict": written.verdict,
        "start": written.start.score,
        "score": written.best.score,
        "difference": written.difference.value,
        "low": written.difference.low,
        "high": written.difference.high,
        "n": written.best.n,
    }


async def _measure_test(
    session: RunContext, start: Candidate, best: Candidate, rows: list[Example], step: int, *, spare: int
) -> ReportMeasurements:
    done = only_evaluations(await _measure_both(session, start, best, rows, step))
    again: list[Evaluation] = []
    if spare:
        target = session.config.resampling_target()
        pairs = [(start, row) for row in rows[:spare]]
        again = only_evaluations(await measure(session, pairs, split="test", step=step, target=target, keep=False))
    return ReportMeasurements(
        start=tuple(one for one in done if one.candidate == start.id),
        best=tuple(one for one in done if one.candidate == best.id and best.id != start.id),
        again=tuple(again),
    )


async def _measure_both(
    session: RunContext, start: Candidate, best: Candidate, rows: list[Example], step: int
) -> list[Evaluation | Response]:
    """Row by row for both programs, until a row does not fit for both: what is compared is whole pairs."""
    both, done = [start] if best.id == start.id else [start, best], list[Evaluation | Response]()
    budget = session.ledger.budget
    # Where calls alone are limited they were counted; else a prompt may take more than prompts took so far.
    size = len(rows) if budget.tokens is None and budget.usd is None else _EXAMPLES_AT_ONCE
    for at in range(0, len(rows), size):
        some = rows[at : at + size]
        seen = await measure(session, [(one, row) for row in some for one in both], split="test", step=step)
        done += seen
        if len(seen) < len(some) * len(both):
            break
    return done


async def _judge_test(
    session: RunContext, start: Candidate, best: Candidate, rows: list[Example], step: int
) -> ReportMeasurements:
    """Nothing scores an output: both prompts answer the sealed rows, and the recipe's judge compares the answers."""
    if best.id == start.id or session.config.judge is None:
        return ReportMeasurements()
    answers = Archive([start, best])
    answers.add_results(await _measure_both(session, start, best, rows, step))
    duels = [Duel(start.id, best.id, row.id) for row in rows]
    done = await judge_duels(session, duels, answers, {row.id: row for row in rows}, step=step)
    return ReportMeasurements(margins={one.example: -one.margin for one in done}, judge=session.config.judge.name)


def _test_reuse_warnings(session: RunContext, rows: list[Example]) -> list[str]:
    """A seal holds once: who chose a prompt, a fork or a recipe after a report on the same rows has seen them."""
    runs, seen = session.store.prior_test_uses(session.run, [row.id for row in rows])
    if not seen:
        return []
    which = f"these {seen} rows were" if seen == len(rows) else f"{seen} of these {len(rows)} rows were"
    return [
        f"{which} opened by {runs} earlier run{'s' if runs > 1 else ''} in this folder: the claim is weaker for what "
        "was chosen after looking"
    ]


def _search_preferences(session: RunContext, start: Candidate, best: Candidate, step: int) -> ReportMeasurements:
    """Without sealed rows: what the search itself saw of the two, which supports no claim."""
    margins: dict[str, float] = {}
    for one in session.duel_outcomes(step):
        if {one.first, one.second} == {start.id, best.id} and one.example:
            margins[one.example] = one.margin if one.first == best.id else -one.margin
    judge = session.config.judge
    return (
        ReportMeasurements(margins=margins, judge=judge.name) if judge is not None and margins else ReportMeasurements()
    )


def _test_sample(session: RunContext, count: int) -> list[Example]:
    """All test rows, or a fixed sample of them."""
    rows = list(session.config.task.data.test)
    return rows if count >= len(rows) else seeded_random(session.config.seed, "sealed").sample(rows, count)
