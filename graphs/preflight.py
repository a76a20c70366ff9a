"""Checks before a run spends anything: the models answer, and the evaluators accept the references."""

from __future__ import annotations

from ..core.dataset import Example
from ..core.errors import PluginError, TaskError
from ..core.evaluator_protocols import AskingEvaluator, Evaluator, UsesOwnModels
from ..core.models import ModelRef, Output, Reply
from ..core.score import Score
from ..plugins.evaluators.callable import CallableEvaluator
from .run_config import RunConfig
from .run_context import RunContext

# Three references show that an evaluator is misnamed or misread; an evaluator may be slow.
_MAX_REFERENCES = 3

ReferenceCase = tuple[Example, Output, str | None]


async def preflight(context: RunContext) -> None:
    """Raises ModelError for an unusable endpoint or key, TaskError for an evaluator that rejects the references."""
    models = models_used(context.config)
    for model in models:
        await context.model_client.check(model)
    await check_evaluators(context.config)
    await context.emit("preflight_passed", 1, models=[model.id for model in models])


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
