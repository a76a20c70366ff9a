"""Checks before a run spends anything: the models answer, and the evaluators accept the references."""

from __future__ import annotations

from collections.abc import Sequence

from ..core.candidate import Candidate
from ..core.dataset import SCORED_SPLITS, Example
from ..core.errors import ModelError, NeedsError, PluginError, TaskError
from ..core.evaluator_protocols import AskingEvaluator, ChecksExamples, Evaluator, UsesOwnModels
from ..core.models import ModelRef, Output, Reply
from ..core.score import Score
from ..plugins.evaluators.callable import CallableEvaluator
from ..runtime.models.abilities import check_images
from ..runtime.models.profile import profile_of
from .measuring.failures import is_example_failure
from .run_config import RunConfig
from .run_context import RunContext

# Three references show that an evaluator is misnamed or misread; an evaluator may be slow.
_MAX_REFERENCES = 3
# One empty answer may be an example's; the first three in a row are the model's.
_FIRST_ANSWERS = 3
# Targets whose calls all go through the gateway, where an answer is paid once.
_TRIED_TARGETS = frozenset({"chat", "pipeline"})

ReferenceCase = tuple[Example, Output, str | None]


async def preflight(context: RunContext) -> None:
    """Raises ModelError for an unusable endpoint or key, TaskError for an evaluator that rejects the references, and
    NeedsError for a limit that cannot be kept, or for images that the target does not read."""
    models = models_used(context.config)
    if any(example.images for example in context.config.task.data.examples()):
        check_images(context.config.task.models.target)
    await _check_prices(context, models)
    for model in models:
        await context.model_client.check(model)
    await check_evaluators(context.config)
    await context.emit("preflight_passed", 1, models=[model.id for model in models])


async def check_first_answers(context: RunContext, candidate: Candidate, rows: Sequence[Example]) -> None:
    """Raises ModelError where the target's first answers say nothing: empty, or each cut at its limit.

    The calls are those that the run makes next anyway, so that they cost nothing. One after the other, they also teach
    what the model refuses before many are sent at once.
    """
    config, task = context.config, context.config.task
    if task.target.use not in _TRIED_TARGETS or config.loss is not None:
        return
    model, cut = task.models.target, False
    for row in rows[:_FIRST_ANSWERS]:
        try:
            output = await config.target.run(candidate.program, row, model, context.gateway)
        except Exception as error:
            if not is_example_failure(error):
                raise
            return  # measuring tries the example again, and counts the failure
        reply = output.replies[0] if output.replies else Reply(text=output.text)
        if reply.finish == "content_filter" or (reply.finish == "length" and not reply.completion_tokens):
            return  # the provider refused this example: that says nothing of the model
        cut = reply.finish == "length"
        if reply.tool_calls:
            return
        if reply.text.strip() and (
            not cut or profile_of(model).small or task.answer_of(row).read_answer(output.text) is not None
        ):
            return
    if not rows:
        return
    limit = config.target_options.get("max_tokens", task.answer_tokens)
    thought = " while it was still thinking" if reply.reasoning else ""
    what = f"was cut at {limit:,} tokens{thought}" if cut else "was empty"
    remedy = f"set --model-option target.max_output_tokens={max(4096, 4 * limit)}" if cut else "try another model"
    raise ModelError(
        f"the answer of {model.id} {what}, {min(len(rows), _FIRST_ANSWERS)} times",
        where=f"model {model}",
        remedy=f"{remedy}; `maieutic models test {model}` shows what it answers",
    )


async def _check_prices(context: RunContext, models: list[ModelRef]) -> None:
    """A limit in dollars holds for models with a known price only. Raises NeedsError for another one."""
    if context.config.budget.usd is None:
        return
    unknown = [str(model) for model in models if await context.model_client.price(model) is None]
    if unknown:
        raise NeedsError(
            f"--usd limits nothing: the price of {', '.join(unknown)} is not known",
            where="--usd",
            possible=("--calls", "--tokens", "--minutes", "a model of litellm's price table"),
            remedy='set the price under [models."provider/model"], or limit calls, tokens or minutes in its place',
        )


def models_used(config: RunConfig) -> list[ModelRef]:
    """The target model, the optimizer's where anything asks one, and those that evaluators bring."""
    models = config.task.models
    operator_calls = [operator.calls for operator in config.operators.values()]
    evaluator_calls = [evaluator.calls for evaluator in config.model_evaluators]
    if config.recipe.planner or any([*operator_calls, *evaluator_calls]):
        used = list(models.by_name().values())
    else:
        used = [models.target]
    evaluators = config.evaluators.values()
    own = [model for evaluator in evaluators if isinstance(evaluator, UsesOwnModels) for model in evaluator.models]
    return list({str(model): model for model in [*used, *own]}.values())


async def check_evaluators(config: RunConfig) -> None:
    """Score references as if they were answers: an evaluator that gives all of them 0 is misnamed or misread.

    Evaluators that ask a model are left out: nothing may be spent here.
    """
    rows = [example for example in config.task.data.val if example.outputs]
    for (name, evaluator), spec in zip(config.evaluators.items(), config.task.evaluators, strict=True):
        if isinstance(evaluator, ChecksExamples):
            listed = [row for split in SCORED_SPLITS for row in config.task.data[split]]
            evaluator.check_examples([row for row in listed if spec in config.task.evaluators_of(row)])
            continue
        if isinstance(evaluator, AskingEvaluator):
            continue
        scored = []
        for example in [row for row in rows if spec in config.task.evaluators_of(row)][:_MAX_REFERENCES]:
            text = example.outputs[0]
            output = Output(text=text, replies=(Reply(text=text),))
            case = (example, output, config.task.answer_of(example).read_answer(text))
            scored.append((await _evaluate_reference(evaluator, *case), case))
        if scored and all(score.value == 0 for score, _ in scored):
            for score, case in scored:
                if score.failure == "example":
                    raise await _evaluator_error(config, name, evaluator, score, case)
            feedback = next((score.feedback for score, _ in scored if score.feedback), "")
            raise TaskError(
                f"the evaluator {name!r} gives 0 to the reference outputs themselves"
                + (f": {feedback}" if feedback else ""),
                where=_evaluators_location(config),
                possible=config.registry.names("evaluator"),
                remedy="choose another evaluator, or correct the references or the [answer] table",
            )


async def _evaluate_reference(evaluator: Evaluator, example: Example, output: Output, answer: str | None) -> Score:
    """A function of the user's that returns no score is a mistake in the task, as one that raises is."""
    try:
        return await evaluator.evaluate(example, output, answer)
    except PluginError as error:
        if not isinstance(evaluator, CallableEvaluator):
            raise
        raise TaskError(error.what, where=evaluator.location, possible=error.possible, remedy=error.remedy) from error


async def _evaluator_error(
    config: RunConfig, name: str, evaluator: Evaluator, score: Score, case: ReferenceCase
) -> TaskError:
    """For an evaluator that scores no reference: no other has to be chosen, this one has to be corrected."""
    reason, where = "", _evaluators_location(config)
    if isinstance(evaluator, CallableEvaluator):
        reason, where = await evaluator.failure_with_line(*case), evaluator.location
    return TaskError(
        f"the evaluator {name!r} cannot score the reference outputs: "
        f"{reason or score.feedback or 'it does not say why'}",
        where=where,
        remedy="correct it, or the examples that it reads; it is tried on references before anything is spent",
    )


def _evaluators_location(config: RunConfig) -> str:
    return config.task.where("[[evaluators]]")
