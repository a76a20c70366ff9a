"""Checks before a run spends anything: the models answer, and the evaluators accept the references."""

from __future__ import annotations

from ..core.dataset import SCORED_SPLITS, Example
from ..core.errors import NeedsError, PluginError, TaskError
from ..core.evaluator_protocols import AskingEvaluator, ChecksExamples, Evaluator, UsesOwnModels
from ..core.models import ModelRef, Output, Reply
from ..core.score import Score
from ..plugins.evaluators.callable import CallableEvaluator
from ..runtime.models.abilities import check_images
from .own_calls import check_own_calls
from .run_config import RunConfig
from .run_context import RunContext

# Three references show that an evaluator is misnamed or misread; an evaluator may be slow.
_MAX_REFERENCES = 3

ReferenceCase = tuple[Example, Output, str | None]


async def preflight(context: RunContext) -> None:
    """Raises ModelError for an unusable endpoint or key, TaskError for an evaluator that rejects the references, and
    NeedsError for a limit that cannot be kept, or for images that the target does not read."""
    check_own_calls(context.config, context.ledger.budget)
    models = models_used(context.config)
    if any(example.images for example in context.config.task.data.examples()):
        check_images(context.config.task.models.target)
    await _check_prices(context, models)
    for model in models:
        await context.model_client.check(model)
    await check_evaluators(context.config)
    await context.emit("preflight_passed", 1, models=[model.id for model in models])


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
    return list({str(model): model for model in [*used, *config.other_targets, *own]}.values())


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
