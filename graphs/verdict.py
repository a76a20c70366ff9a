"""The report: opens the sealed split once, and says what it shows."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Literal

from ..core.budget import LedgerView
from ..core.candidate import Archive, Candidate
from ..core.contracts import Duel
from ..core.example import Example
from ..core.identity import seeded
from ..core.program import Program
from ..core.reckoning import Measured, build_report
from ..core.report import Report
from ..core.score import Evaluation
from .duels import judge_duels
from .measure import measure, scored
from .session import Session, account, close, room_left
from .state import RunState
from .steering.boundary import refuse_the_rest

NULL_ROWS = 20


async def report(session: Session, state: RunState) -> RunState:
    """Start and winner on the same sealed rows, and the start on some of them again, for the noise floor."""
    step, setup = state["step"], session.setup
    if not state.get("report", True):
        return close(session, state, {"step": step})
    archive = session.archive(step)
    start, best = archive.start, archive[state["best"]]
    session.ledger.open_seal()
    # By the account of the last step: a report that is written again after a crash draws the same rows.
    room = room_left(session.ledger, LedgerView.model_validate(state["ledger"]))["target"]

    def calls(program: Program) -> int:
        return sum(setup.run_calls(program))

    each = calls(start.program) + calls(best.program)
    # What was held back pays for two programs like the start; a winner that takes more calls is shown on fewer rows.
    rows = _sealed(session, state, room // each if calls(best.program) > calls(start.program) else None)
    if rows:
        await session.emit("test_opened", step, rows=len(rows))
        left = (room - len(rows) * each) // calls(start.program)
        spare = min(NULL_ROWS, len(rows), max(0, left))
        if setup.evaluators:
            measured = await _on_test(session, start, best, rows, step, spare=spare)
        else:
            measured = await _judged(session, start, best, rows, step)
    elif not setup.evaluators:
        measured = _preferred(session, start, best, step)
    else:
        val = [example.id for example in setup.task.data.val]
        seen = archive.scores.row
        measured = Measured(start=tuple(seen(start.id, val).values()), best=tuple(seen(best.id, val).values()))
    written = build_report(
        run=session.run,
        task=setup.task.visible if setup.judged_by_person else setup.task,
        recipe=setup.recipe.name,
        seed=setup.seed,
        archive=archive,
        best=best.id,
        measured=measured,
        ledger=session.ledger.view(session.elapsed(state)),
    )
    await session.store.save_report(session.run, written.model_dump_json())
    await session.emit("report_written", step, **summary(written), ledger=account(session))
    return close(session, state, {"step": step})


async def finish(session: Session, state: RunState) -> RunState:
    """The run's record and the log say that it is over. A run that a person stopped without a report is not: it can be
    taken up again."""
    step, stopped = state["step"], not state.get("report", True)
    await refuse_the_rest(session, state)
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
    told = summary(written) if written else {}
    kind: Literal["run_stopped", "run_finished"] = "run_stopped" if stopped else "run_finished"
    await session.emit(kind, step, best=state["best"], reason=state["ending"], **told)
    return close(session, state, {"run": session.run, "step": step})


def summary(written: Report) -> dict[str, Any]:
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


async def _on_test(
    session: Session, start: Candidate, best: Candidate, rows: list[Example], step: int, *, spare: int
) -> Measured:
    both = [start] if best.id == start.id else [start, best]
    # Row by row: where the budget ends early, the rows that were paid for are paired.
    done = scored(await measure(session, [(one, row) for row in rows for one in both], split="test", step=step))
    again: list[Evaluation] = []
    if spare:
        target = session.setup.second_draw()
        pairs = [(start, row) for row in rows[:spare]]
        again = scored(await measure(session, pairs, split="test", step=step, target=target, keep=False))
    return Measured(
        start=tuple(one for one in done if one.candidate == start.id),
        best=tuple(one for one in done if one.candidate == best.id and best.id != start.id),
        again=tuple(again),
    )


async def _judged(session: Session, start: Candidate, best: Candidate, rows: list[Example], step: int) -> Measured:
    """Nothing scores an output: both prompts answer the sealed rows, and the recipe's judge compares the answers."""
    if best.id == start.id or session.setup.judge is None:
        return Measured()
    answers = Archive([start, best])
    pairs = [(one, row) for row in rows for one in (start, best)]
    answers.learn(await measure(session, pairs, split="test", step=step))
    duels = [Duel(start.id, best.id, row.id) for row in rows]
    done = await judge_duels(session, duels, answers, {row.id: row for row in rows}, step=step)
    return Measured(margins={one.example: -one.margin for one in done}, judge=session.setup.judge.name)


def _preferred(session: Session, start: Candidate, best: Candidate, step: int) -> Measured:
    """Without sealed rows: what the search itself saw of the two, which supports no claim."""
    margins: dict[str, float] = {}
    for one in session.duels(step):
        if {one.first, one.second} == {start.id, best.id} and one.example:
            margins[one.example] = one.margin if one.first == best.id else -one.margin
    judge = session.setup.judge
    return Measured(margins=margins, judge=judge.name) if judge is not None and margins else Measured()


def _sealed(session: Session, state: RunState, fitting: int | None) -> list[Example]:
    """All test rows, or a fixed sample of what was held back for them, and of those that fit."""
    rows = list(session.setup.task.data.test)
    count = state["sealed_rows"] if fitting is None else min(state["sealed_rows"], fitting)
    return rows if count >= len(rows) else seeded(session.setup.seed, "sealed").sample(rows, count)
