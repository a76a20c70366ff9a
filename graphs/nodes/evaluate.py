"""The node that measures candidates: one batch of the allocator's choice, again and again until it has enough."""

from __future__ import annotations

from dataclasses import asdict

from ...core.score import Evaluation, Response
from ...core.search_types import Duel, Measurement, Search
from ..directives.pause import stop_requested, wait_while_paused
from ..measuring.duels import affordable_duels, human_duels, judge_duels, missing_outputs, unjudged_duels
from ..measuring.measure import affordable_pairs, measure_pairs
from ..run_context import RunContext, end_step, ledger_summary
from ..state import BUDGET_SPENT, RunState

# A batch is reported in slices, so that whoever watches a slow model sees progress: 24 answers take the embedded
# model some ten seconds.
_PROGRESS_SLICE = 24


async def evaluate(context: RunContext, state: RunState) -> RunState:
    """One batch of measurements. The graph returns here until the allocator asks for nothing, or a person stops it."""
    step = state["step"]
    if stop_requested(context, state):
        return _stop_early(context, state)
    search = context.build_search(state, "allocator")
    requests = list(context.config.allocator.ask(search, state["pool"])) if state["pool"] else []
    archive = context.archive(step)
    pairs = [
        request
        for request in requests
        if isinstance(request, Measurement) and archive.result_of(request.candidate, request.example) is None
    ]
    duels = unjudged_duels(context, [request for request in requests if isinstance(request, Duel)], step)
    has_work = bool(pairs or duels)
    duels = affordable_duels(context, duels, search.remaining_optimizer_calls)
    pairs = affordable_pairs(context, [*pairs, *missing_outputs(duels, archive)], search.remaining_runs, step)
    minutes = context.config.budget.minutes
    late = minutes is not None and context.elapsed_seconds(state) >= minutes * 60
    results: list[Evaluation | Response] = []
    size = max(_PROGRESS_SLICE, 4 * context.config.options.concurrency)
    for start in range(0, 0 if late else len(pairs), size):
        await wait_while_paused(context, state)
        if stop_requested(context, state):
            return _stop_early(context, state)
        measured = await measure_pairs(context, pairs[start : start + size], step=step)
        results += measured
        progress = {"phase": "evaluate", "pairs": len(measured), "of": len(pairs), "ledger": ledger_summary(context)}
        await context.emit("batch_finished", step, f"{start}", **progress)
    context.apply_results(step, results, [])
    archive = context.archive(step + 1)
    waiting = [] if late else human_duels(context, duels, archive)
    duels = [duel for duel in duels if duel not in waiting]
    judged = [] if late else await judge_duels(context, duels, archive, context.examples, step=step)
    batch = len(results) + len(judged) + len(waiting)
    unaffordable = not batch and not late and (has_work or _pool_exceeds_budget(search, state))
    update: RunState = {
        "batch": batch,
        "memory": {**state["memory"], "allocator": search.memory},
        "ending": BUDGET_SPENT if unaffordable else state["ending"],
        "idle": 0 if batch else state["idle"],
        "step": step,
        "waiting": [asdict(duel) for duel in waiting],
    }
    return end_step(context, state, update)


def _pool_exceeds_budget(search: Search, state: RunState) -> bool:
    """Whether a round begins with more new candidates than runs are left: an allocator that shares them fairly asks
    for none."""
    scores = search.archive.scores
    unmeasured = sum(not scores.count(candidate, search.val) for candidate in state["pool"])
    return not state["batch"] and search.remaining_runs < unmeasured


def _stop_early(context: RunContext, state: RunState) -> RunState:
    """A person ended the search: keep what this step measured until then, in this process or in one that died."""
    step = state["step"]
    evaluations = context.store.evaluations(context.run, before_step=step + 1)
    context.apply_results(step, [evaluation for evaluation in evaluations if evaluation.step == step], [])
    return end_step(context, state, {"batch": 0, "waiting": [], "step": step})
