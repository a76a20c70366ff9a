"""Running candidates on examples: concurrent, cached, budgeted, and stored before anything acts on the results."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from ...core.candidate import Candidate
from ...core.dataset import Example, Split
from ...core.errors import BudgetSpent
from ...core.protocols import Target
from ...core.score import Evaluation, Response
from ...core.search_types import Measurement
from ..run_context import RunContext
from ..run_lifecycle import root_error
from .example_evaluation import evaluate_example, reuse_parent_evaluation
from .failed_results import emit_failures, failed_result
from .failures import BatchFailures, failed_score, is_example_failure
from .first_answers import check_first_answers


async def measure(
    context: RunContext,
    pairs: Sequence[tuple[Candidate, Example]],
    *,
    split: Split,
    step: int,
    target: Target | None = None,
    keep: bool = True,
) -> list[Evaluation | Response]:
    """Run candidates on examples of one split.

    Args:
        pairs: what to run, in this order.
        target: runs the programs in place of the config's, to draw answers again.
        keep: whether the results are stored.

    Returns:
        Results in the order of the pairs, without those that no longer fit the budget. Responses where nothing scores
        the task's outputs, else evaluations. An example on which an app, a metric, a target or the endpoint failed has
        an evaluation of 0 with the reason, and an event.

    Raises:
        ModelError: the endpoint is unusable, or failed on most examples. What was answered until then is in the cache.
        RunFailed: most examples failed, as `failures` says.
    """
    return await _measure_all(context, [(*pair, split) for pair in pairs], step=step, target=target, keep=keep)


async def measure_pairs(context: RunContext, pairs: Sequence[Measurement], *, step: int) -> list[Evaluation | Response]:
    """Pairs on examples of train, val or target, in their order; the example tells the split."""
    archive, data = context.archive(step), context.config.task.data
    searched: tuple[Split, ...] = ("train", "val", "target")
    by_id = {example.id: (example, split) for split in searched for example in data[split]}
    triples = [(archive[pair.candidate], *by_id[pair.example]) for pair in pairs]
    if pairs and not context.target_tried and not len(archive.scores):
        context.target_tried = True
        baseline = archive.baseline
        rows = [example for candidate, example, _ in triples if candidate.id == baseline.id]
        with suppress(BudgetSpent):
            await check_first_answers(context, baseline, rows)
    return await _measure_all(context, triples, step=step)


async def rescore_example(
    context: RunContext, row: Example, split: Split, *, read_before: int, write_step: int
) -> list[Evaluation]:
    """Score again what was answered on an example, after its reference changed; the answers are in the cache.

    Evaluations keep the steps at which they were made, so that every later look at the archive sees the same scores.
    """
    archive = context.archive(read_before)
    earlier = {
        evaluation.candidate: evaluation
        for evaluation in archive.scores
        if evaluation.example == row.id and evaluation.candidate in archive
    }
    pairs = [(archive[name], row) for name in earlier]
    fresh = only_evaluations(await measure(context, pairs, split=split, step=write_step, keep=False))
    rescored = [evaluation.model_copy(update={"step": earlier[evaluation.candidate].step}) for evaluation in fresh]
    await context.store.replace_evaluations(context.run, rescored)
    return rescored


def only_evaluations(results: Sequence[Evaluation | Response]) -> list[Evaluation]:
    """Those that have a score."""
    return [result for result in results if isinstance(result, Evaluation)]


def affordable_pairs(
    context: RunContext, pairs: Sequence[Measurement], remaining_runs: int, step: int
) -> list[Measurement]:
    """As many pairs, from the first on, as `remaining_runs` runs of the baseline pay: a vote takes several calls."""
    archive, examples, config = context.archive(step), context.examples, context.config
    calls = remaining_runs * config.calls_per_run(config.task.program)[0]
    affordable = []
    for pair in pairs:
        row = examples.get(pair.example)  # an example that is about to join is not there yet
        candidate = archive[pair.candidate]
        if row is None or reuse_parent_evaluation(archive, candidate, row) is None:
            calls -= config.calls_per_run(candidate.program)[0]
            if calls < 0:
                break
        affordable.append(pair)
    return affordable


async def _measure_all(
    context: RunContext,
    triples: Sequence[tuple[Candidate, Example, Split]],
    *,
    step: int,
    target: Target | None = None,
    keep: bool = True,
) -> list[Evaluation | Response]:
    searching = all(split != "test" for *_, split in triples)
    failures = BatchFailures(
        [(candidate.id, example.id) for candidate, example, _ in triples],
        context.config.options.concurrency,
        context.archive(step) if searching and triples else None,
    )
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(_measure_or_fail(context, candidate, example, split, step, target, failures))
                for candidate, example, split in triples
            ]
    except ExceptionGroup as errors:
        raise root_error(errors) from errors
    failures.check_endpoint()
    if failures.unanswered:  # of some examples: either they are at fault, or the endpoint has just gone
        await context.model_client.check(context.config.task.models.target)
    results = [result for task in tasks if (result := task.result()) is not None]
    if keep:
        await emit_failures(context, only_evaluations(results), step)
        await context.store.save_evaluations(context.run, only_evaluations(results))
        responses = [result for result in results if isinstance(result, Response)]
        await context.store.save_responses(context.run, responses)
    return results


async def _measure_or_fail(
    context: RunContext,
    candidate: Candidate,
    example: Example,
    split: Split,
    step: int,
    target: Target | None,
    failures: BatchFailures,
) -> Evaluation | Response | None:
    """One result; of an example that failed, one with the reason."""
    try:
        result = await evaluate_example(context, candidate, example, split, step, target)
    except Exception as error:
        if not is_example_failure(error):
            raise
        failures.add_error(example.id, error)
        failure = failed_result(context.config, candidate, example, split, step, failed_score(error))
        trace = getattr(error, "trace", ())
        return failure.model_copy(update={"trace": trace}) if trace and isinstance(failure, Evaluation) else failure
    failures.add_answer()
    scores = result.scores.values() if isinstance(result, Evaluation) else ()
    if reason := next((score.reason for score in scores if score.failure == "example" and score.reason), ""):
        failures.add_failure(example.id, reason)
    return result
