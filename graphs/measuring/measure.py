"""Running candidates on examples: concurrent, cached, budgeted, and stored before anything acts on the results."""

from __future__ import annotations

import asyncio
import functools
import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ...core.candidate import Archive, Candidate
from ...core.dataset import Example, Split
from ...core.errors import BudgetSpent
from ...core.evaluator_protocols import AskingEvaluator, Evaluator, EvaluatorContext, LossEvaluator
from ...core.executor import MeasureJob, MeasureResult, MeasureSpec
from ...core.models import Output
from ...core.program import Program
from ...core.protocols import Target
from ...core.recipe import PluginRef
from ...core.render import with_shared_prompt
from ...core.score import Evaluation, Response, Score
from ...core.search_types import Measurement
from ...core.stats.labels import label_likelihoods
from ...core.task import EvaluatorSpec
from ...plugins.evaluators.aggregate import aggregate_scores, evaluator_names
from ..own_calls import run_with_own_calls
from ..run_config import RunConfig
from ..run_context import RunContext
from ..run_lifecycle import root_error
from ..run_team import run_team
from .failed_results import emit_failures, failed_result, score_or_fail, without_answer
from .failures import BatchFailures, failed_score, is_example_failure
from .first_answers import check_first_answers

RunProgram = Callable[[Example], Awaitable[Output]]


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


def reuse_parent_evaluation(archive: Archive, candidate: Candidate, row: Example) -> Evaluation | None:
    """A parent's evaluation on an example of a task whose prompts the candidate did not change: the same calls would
    be made. None for programs of one task."""
    program = candidate.program
    if not program.by_task:
        return None
    (name,) = program.prompts_for(row)
    for parent in candidate.parents:
        evaluation = archive.scores.get(parent, row.id)
        before = archive[parent].program if parent in archive else None
        if evaluation is None or before is None or not before.by_task:
            continue
        if with_shared_prompt(before, name) == with_shared_prompt(program, name):
            return evaluation.model_copy(update={"candidate": candidate.id})
    return None


@dataclass(frozen=True, kw_only=True)
class _Scoring:
    """How an example's outputs are read and scored, looked up once for each measurement."""

    read_answer: Callable[[str], str | None]
    specs: Sequence[EvaluatorSpec]
    evaluators: Mapping[str, Evaluator | AskingEvaluator]

    @classmethod
    def of(cls, config: RunConfig, example: Example, scorer: Evaluator | AskingEvaluator | None) -> _Scoring:
        """scorer: scores in place of the task's evaluators."""
        specs = config.task.evaluators_of(example) if scorer is None and config.evaluators else ()
        return cls(
            read_answer=functools.cache(config.task.answer_of(example).read_answer),
            specs=specs,
            evaluators=config.evaluators_for(specs) if scorer is None else {scorer.name: scorer},
        )


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
        result = await _measure_one(context, candidate, example, split, step, target)
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


async def _measure_one(
    context: RunContext, candidate: Candidate, example: Example, split: Split, step: int, target: Target | None
) -> Evaluation | Response | None:
    """One result, None where it does not fit the budget."""
    config = context.config
    runner = target or config.target
    searching = split != "test"
    if searching and (reused := reuse_parent_evaluation(context.archive(step), candidate, example)) is not None:
        return reused.model_copy(update={"step": step})

    async def run(row: Example) -> Output:
        model, draw = config.task.models.target, int(target is not None)
        return await run_with_own_calls(
            context, candidate.program, row, draw, lambda: runner.run(candidate.program, row, model, context.gateway)
        )

    try:
        if searching and config.loss is not None:
            return await _score_by_loss(context, config.loss, candidate, example, split, step)
        scorer = config.scorer if searching else None
        scoring = _Scoring.of(config, example, scorer)
        job = _measure_job(config, candidate.program, example, scoring, run, resampled=target is not None)
        result = await config.executor.run(job, context.gateway)
        scores = await _all_scores(context, example, result, scoring, run)
    except BudgetSpent:
        return None
    answer = scoring.read_answer(result.output.text)
    if scorer is None and not config.evaluators:
        return Response(
            candidate=candidate.id,
            example=example.id,
            split=split,
            output=result.output.text,
            answer=answer,
            step=step,
        )
    replies = result.output.replies
    logprobs = replies[0].top_logprobs if replies and config.labels else ()
    return Evaluation(
        candidate=candidate.id,
        example=example.id,
        split=split,
        output=result.output.text,
        answer=answer,
        score=scores[scorer.name].value if scorer else aggregate_scores(scoring.specs, list(scores.values())),
        scores=scores,
        likelihoods=label_likelihoods(config.labels, logprobs),
        trajectory=named_steps(result.output),
        trace=result.output.trace,
        step=step,
    )


async def _all_scores(
    context: RunContext, example: Example, result: MeasureResult, scoring: _Scoring, run: RunProgram
) -> dict[str, Score]:
    """The scores made where the program ran, and those of evaluators that ask a model. Raises BudgetSpent."""
    scores = {}
    answer = scoring.read_answer(result.output.text)
    for name, evaluator in scoring.evaluators.items():
        if isinstance(evaluator, AskingEvaluator):
            # No step in the stream: the same output on the same example asks the same, so it is paid for once.
            team = run_team(context, 0, f"rate/{name}/{example.id}")
            bench = EvaluatorContext(task=context.task_brief(), team=team, rerun=run, similarities=context.similarity)
            scores[name] = await score_or_fail(evaluator.rate(example, result.output, answer, bench=bench))
        else:
            scores[name] = result.scores.get(name) or await score_or_fail(
                evaluator.evaluate(example, result.output, answer)
            )
    return {name: without_answer(score, result.output) for name, score in scores.items()}


async def _score_by_loss(
    context: RunContext, scorer: LossEvaluator, candidate: Candidate, example: Example, split: Split, step: int
) -> Evaluation:
    """No answer is sampled: the score is the mean probability per token of the reference as the answer."""
    model = context.config.task.models.target
    loss = await scorer.loss(candidate.program, example, model, context.gateway)
    value = math.exp(-loss)
    feedback = f"the expected answer was found {value:.0%} likely"
    return Evaluation(
        candidate=candidate.id,
        example=example.id,
        split=split,
        output="",
        answer=None,
        score=value,
        scores={scorer.name: Score(value=value, values={"loss": loss}, feedback=feedback)},
        step=step,
    )


def named_steps(output: Output) -> tuple[dict[str, str], ...]:
    """The steps of a run by named prompts; what a target records beside them is its own matter."""
    steps = [{key: step.get(key) for key in ("prompt", "input", "output")} for step in output.trajectory]
    return tuple(step for step in steps if all(isinstance(value, str) for value in step.values()))  # type: ignore[misc]


def _measure_job(
    config: RunConfig, program: Program, example: Example, scoring: _Scoring, run: RunProgram, *, resampled: bool
) -> MeasureJob:
    """The measurement as plain data for an executor elsewhere, and as a function for one in this process.

    Evaluators that ask a model are left out: they are asked here, whoever ran the program. A scorer of the recipe is
    no part of the task, so it scores here as well. resampled: whether it is the second draw of a stochastic target.
    """
    task = config.task
    by_name = zip(evaluator_names(task.evaluators), task.evaluators, strict=True)
    plain = {
        name: evaluator
        for name, evaluator in scoring.evaluators.items()
        if scoring.specs and not isinstance(evaluator, AskingEvaluator)
    }
    # The answer contract is no plain data; whoever carries the work out has it from the spec itself.
    options = {name: value for name, value in config.target_options.items() if name != "answer"}
    if resampled:
        options["sample"] = 1

    async def run_here() -> MeasureResult:
        output = await run(example)
        answer = scoring.read_answer(output.text)
        scores = {
            name: await score_or_fail(evaluator.evaluate(example, output, answer)) for name, evaluator in plain.items()
        }
        return MeasureResult(output=output, scores=scores)

    spec = MeasureSpec(
        program=program,
        example=example,
        model=task.models.target,
        answer=task.answer_of(example),
        target=PluginRef(use=task.target.use, options=options),
        evaluators={name: PluginRef(use=ref.use, options=ref.options) for name, ref in by_name if name in plain},
        plugins=task.plugins,
        folder=str(Path(task.source).parent.resolve() if task.source else Path.cwd()),
    )
    return MeasureJob(work=spec, here=run_here)
