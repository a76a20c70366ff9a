"""One program on one example: its run, the scores of its output, and the evaluation that is stored."""

from __future__ import annotations

import functools
import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
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
from ...core.stats.labels import label_likelihoods
from ...core.task import EvaluatorSpec
from ...plugins.evaluators.aggregate import aggregate_scores, evaluator_names
from ..own_calls import run_with_own_calls
from ..run_config import RunConfig
from ..run_context import RunContext
from ..run_team import run_team
from .failed_results import score_or_fail, without_answer

RunProgram = Callable[[Example], Awaitable[Output]]


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


async def evaluate_example(
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
