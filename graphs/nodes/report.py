"""The node that opens the held-out test once and writes the report, once as well."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from ...core.budget import UNLIMITED, LedgerView, limits_passed
from ...core.candidate import Archive, Candidate
from ...core.dataset import Example
from ...core.identity import seeded_random
from ...core.report import Report, SearchEnd, TransferScore
from ...core.score import Evaluation, Response
from ...core.search_types import Duel
from ...runtime.reports.proposal_counts import count_proposals
from ...runtime.reports.report_builder import ReportMeasurements, build_report
from ..measuring.duels import judge_duels
from ..measuring.measure import measure, only_evaluations
from ..measuring.other_targets import measure_other_targets
from ..measuring.test_set_budget import plan_held_out_test
from ..own_calls import own_calls_warning
from ..preflight import models_used
from ..run_context import RunContext, end_step, ledger_summary
from ..state import RunState

# Where tokens or money are limited, test examples run in small batches, so that the last pair that fits is whole.
_EXAMPLES_AT_ONCE = 8


async def report(context: RunContext, state: RunState) -> RunState:
    """Run baseline and winner on the same test examples, and the baseline on some again to see the noise."""
    step = state["step"]
    if not state.get("report", True):
        return end_step(context, state, {"step": step})
    stored = context.store.pending_report(context.run)
    report_json = stored or await context.store.save_report(context.run, await _measured_report(context, state))
    written = Report.model_validate_json(report_json)
    for line in written.limits_passed:
        await context.emit("limit_passed", step, line, reason=line)
    await context.emit("report_written", step, **report_summary(written), ledger=ledger_summary(context))
    return end_step(context, state, {"step": step})


async def _measured_report(context: RunContext, state: RunState) -> str:
    """The report as JSON, after opening the held-out test."""
    step, config = state["step"], context.config
    archive = context.archive(step)
    baseline, best = archive.baseline, archive[state["best"]]
    search = _search_end(context, state)
    context.ledger.open_test_reserve()
    # By the ledger of the last step: a report that is written again after a crash draws the same examples.
    view, reserved = LedgerView.model_validate(state["ledger"]), _test_sample(context, state["sealed_rows"])
    plan = await plan_held_out_test(context, archive, baseline, best, reserved, view)
    transfer: tuple[TransferScore, ...] = ()
    if rows := _test_sample(context, plan.rows):
        await context.emit("test_opened", step, rows=len(rows))
        if config.evaluators:
            measurements = await _measure_test(context, baseline, best, rows, step, resampled=plan.resampled)
            transfer = await measure_other_targets(context, baseline, best, rows, step)
        else:
            measurements = await _judge_test(context, baseline, best, rows, step)
    elif not config.evaluators:
        measurements = _search_preferences(context, baseline, best, step)
    else:
        val = [example.id for example in config.task.data.val]
        measurements = ReportMeasurements(
            start=tuple(archive.scores.row(baseline.id, val).values()),
            best=tuple(archive.scores.row(best.id, val).values()),
        )
    written = build_report(
        run=context.run,
        task=config.task.without_test if config.human_judged else config.task,
        recipe=config.recipe.name,
        seed=config.seed,
        archive=archive,
        best=best.id,
        measured=measurements,
        ledger=context.ledger.view(context.elapsed_seconds(state)),
    )
    proposals = count_proposals(context.store.events(context.run))
    passed = limits_passed(config.budget, context.ledger.view().total)
    warnings = (
        *written.warnings,
        *_answer_warnings(context),
        *_test_reuse_warnings(context, rows),
        *passed,
        *([own] if (own := own_calls_warning(config)) else []),
    )
    update = {
        "warnings": warnings,
        "limits_passed": passed,
        "proposals": proposals,
        "transfer": transfer,
        "search": search,
        "priced": await _is_priced(context),
        "version": version("maieutic"),
    }
    return written.model_copy(update=update).model_dump_json()


def _search_end(context: RunContext, state: RunState) -> SearchEnd:
    """By the ledger of the last step, before the held-out test takes its share."""
    search, budget = context.build_search(state, "strategy"), context.config.budget
    end = SearchEnd(reason=state["ending"], passes=state.get("passes", 0))
    if search.total_runs >= UNLIMITED // 2:
        return end
    share = min(1.0, search.remaining_runs / max(1, search.total_runs))
    calls_per_run = context.config.calls_per_run(context.config.task.program)[0]
    if budget.calls is None and budget.target_calls is None:
        return end.model_copy(update={"share": share})
    left, calls = search.remaining_runs * calls_per_run, search.total_runs * calls_per_run
    return end.model_copy(update={"share": share, "left": left, "calls": calls})


async def _is_priced(context: RunContext) -> bool:
    """Whether the price of every model in use is known."""
    prices = [await context.model_client.price(model) for model in models_used(context.config)]
    return None not in prices


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
    context: RunContext, baseline: Candidate, best: Candidate, rows: list[Example], step: int, *, resampled: int
) -> ReportMeasurements:
    evaluations = only_evaluations(await _measure_both(context, baseline, best, rows, step))
    again: list[Evaluation] = []
    if resampled:
        target = context.config.resampling_target()
        pairs = [(baseline, row) for row in rows[:resampled]]
        again = only_evaluations(await measure(context, pairs, split="test", step=step, target=target, keep=False))
    return ReportMeasurements(
        start=tuple(evaluation for evaluation in evaluations if evaluation.candidate == baseline.id),
        best=tuple(
            evaluation for evaluation in evaluations if evaluation.candidate == best.id and best.id != baseline.id
        ),
        again=tuple(again),
    )


async def _measure_both(
    context: RunContext, baseline: Candidate, best: Candidate, rows: list[Example], step: int
) -> list[Evaluation | Response]:
    """Both programs example by example, until one does not fit for both: only whole pairs can be compared."""
    both = [baseline] if best.id == baseline.id else [baseline, best]
    results: list[Evaluation | Response] = []
    budget = context.ledger.budget
    # Where only calls are limited they were counted; else a prompt may take more than prompts took so far.
    size = len(rows) if budget.tokens is None and budget.usd is None else _EXAMPLES_AT_ONCE
    for start in range(0, len(rows), size):
        pairs = [(candidate, row) for row in rows[start : start + size] for candidate in both]
        measured = await measure(context, pairs, split="test", step=step)
        results += measured
        if len(measured) < len(pairs):
            break
    return results


async def _judge_test(
    context: RunContext, baseline: Candidate, best: Candidate, rows: list[Example], step: int
) -> ReportMeasurements:
    """Without an evaluator: both prompts answer the test examples, and the recipe's judge compares the answers."""
    judge = context.config.judge
    if best.id == baseline.id or judge is None:
        return ReportMeasurements()
    answers = Archive([baseline, best])
    answers.add_results(await _measure_both(context, baseline, best, rows, step))
    duels = [Duel(baseline.id, best.id, row.id) for row in rows]
    outcomes = await judge_duels(context, duels, answers, {row.id: row for row in rows}, step=step)
    return ReportMeasurements(margins={outcome.example: -outcome.margin for outcome in outcomes}, judge=judge.name)


def _answer_warnings(context: RunContext) -> list[str]:
    """Answers that the limit of tokens cut, and requests that were refused: both score as if the model had failed."""
    counts, options = context.store.answer_counts(context.run), context.config.target_options
    limit = options.get("max_tokens", context.config.task.answer_tokens)
    warnings = []
    if counts.cut:
        warnings.append(
            f"{counts.cut} of {counts.total} answers were cut at {limit:,} tokens: set max_answer_tokens under "
            "[constraints], or --model-option target.max_output_tokens=N"
        )
    if counts.too_long:
        warnings.append(f"{counts.too_long} of {counts.total} prompts were too long for the target and got no answer")
    if counts.filtered:
        warnings.append(f"{counts.filtered} of {counts.total} requests were refused by the provider's content filter")
    return warnings


def _test_reuse_warnings(context: RunContext, rows: list[Example]) -> list[str]:
    """A held-out test counts once: what was chosen after a report on the same examples has seen them."""
    runs, reused = context.store.prior_test_uses(context.run, [row.id for row in rows])
    if not reused:
        return []
    which = f"these {reused} examples were" if reused == len(rows) else f"{reused} of these {len(rows)} examples were"
    return [
        f"{which} opened by {runs} earlier run{'s' if runs > 1 else ''} in this folder: the claim is weaker for what "
        "was chosen after looking"
    ]


def _search_preferences(context: RunContext, baseline: Candidate, best: Candidate, step: int) -> ReportMeasurements:
    """Without test examples: what the search itself saw of the two, which supports no claim."""
    margins: dict[str, float] = {}
    for outcome in context.duel_outcomes(step):
        if {outcome.first, outcome.second} == {baseline.id, best.id} and outcome.example:
            margins[outcome.example] = outcome.margin if outcome.first == best.id else -outcome.margin
    judge = context.config.judge
    if judge is None or not margins:
        return ReportMeasurements()
    return ReportMeasurements(margins=margins, judge=judge.name)


def _test_sample(context: RunContext, count: int) -> list[Example]:
    """All test examples, or a fixed sample of them."""
    rows = list(context.config.task.data.test)
    return rows if count >= len(rows) else seeded_random(context.config.seed, "sealed").sample(rows, count)
