"""What is checked before a run spends: models, evaluators, the contract; and what is kept for the report."""

from __future__ import annotations

from ..core.dataset import Example
from ..core.errors import PluginError, TaskError
from ..core.models import ModelRef, Output, Reply
from ..core.protocols import AskingEvaluator, Evaluator, UsesOwnModels
from ..core.render import render
from ..core.score import Score
from ..plugins.evaluators.callable import CallableEvaluator
from .run_config import RunConfig
from .run_context import RunContext

CHARACTERS_PER_TOKEN = 4
HELD_OUT_SHARE = 0.4
_MAX_REFERENCES, _SIZE_SAMPLE = 3, 50


ReferenceCase = tuple[Example, Output, str | None]


async def preflight(session: RunContext) -> None:
    """Raises ModelError for an unusable endpoint or key, TaskError for an evaluator that refuses the references."""
    for model in models_used(session.config):
        await session.model_client.check(model)
    await check_evaluators(session.config)
    await session.emit("preflight_passed", 1, models=[model.id for model in models_used(session.config)])


def models_used(setup: RunConfig) -> list[ModelRef]:
    """The target, the authors if any operator or evaluator asks one, and what evaluators bring."""
    models = setup.task.models
    asked = [one.calls for one in setup.operators.values()] + [one.calls for one in setup.model_evaluators]
    used = list(models.by_name().values()) if setup.recipe.planner or any(asked) else [models.target]
    brought = [model for one in setup.evaluators.values() if isinstance(one, UsesOwnModels) for model in one.models]
    return list({str(model): model for model in [*used, *brought]}.values())


async def check_evaluators(setup: RunConfig) -> None:
    """A reference must satisfy its own row; an evaluator that gives all of them 0 is misnamed or misread. Those that
    ask a model are left out: nothing may be spent here."""
    rows = [example for example in setup.task.data.val if example.outputs]
    for name, evaluator in setup.evaluators.items():
        if isinstance(evaluator, AskingEvaluator):
            continue
        spec = setup.task.evaluators[list(setup.evaluators).index(name)]
        scores = []
        for example in [row for row in rows if spec in setup.task.evaluators_of(row)][:_MAX_REFERENCES]:
            text = example.outputs[0]
            given = Output(text=text, replies=(Reply(text=text),))
            shown = (example, given, setup.task.answer_of(example).read_answer(text))
            score = await _evaluate_reference(evaluator, *shown)
            scores.append((score, shown))
        if scores and all(score.value == 0 for score, _ in scores):
            for score, shown in scores:
                if score.failure == "example":
                    raise await _evaluator_error(setup, name, evaluator, score, shown)
            said = next((score.feedback for score, _ in scores if score.feedback), "")
            raise TaskError(
                f"the evaluator {name!r} gives 0 to the reference outputs themselves" + (f": {said}" if said else ""),
                where=_evaluators_location(setup),
                possible=setup.registry.names("evaluator"),
                remedy="choose another evaluator, or correct the references or the [answer] table",
            )


async def _evaluate_reference(evaluator: Evaluator, example: Example, output: Output, answer: str | None) -> Score:
    """What a function of the user's gives that is no score is a mistake in the task, as one that it raises is."""
    try:
        return await evaluator.evaluate(example, output, answer)
    except PluginError as error:
        if not isinstance(evaluator, CallableEvaluator):
            raise
        raise TaskError(error.what, where=evaluator.location, possible=error.possible, remedy=error.remedy) from error


async def _evaluator_error(
    setup: RunConfig, name: str, evaluator: Evaluator, score: Score, shown: ReferenceCase
) -> TaskError:
    """Of an evaluator that scores no reference: no other has to be chosen, this one has to be corrected."""
    said = (
        await evaluator.failure_with_line(*shown) if isinstance(evaluator, CallableEvaluator) else ""
    ) or score.feedback
    return TaskError(
        f"the evaluator {name!r} cannot score the reference outputs: {said or 'it does not say why'}",
        where=evaluator.location if isinstance(evaluator, CallableEvaluator) else _evaluators_location(setup),
        remedy="correct it, or the rows that it reads; it is tried on references before anything is spent",
    )


def _evaluators_location(setup: RunConfig) -> str:
    return setup.task.where("[[evaluators]]")


def held_out_count(setup: RunConfig) -> int:
    """How many test rows are kept for the report: all of them, or what 40 % of the budget can pay for two prompts.

    Calls are counted; tokens are reckoned for two prompts like the start. What the winner really takes, and money, show
    when the search is over: then fewer may fit, and the report opens those alone.
    """
    rows, budget = 0 if setup.human_judged else len(setup.task.data.test), setup.budget
    if budget.calls is not None:
        rows = min(rows, int(budget.calls * HELD_OUT_SHARE / setup.calls_per_test_example))
    if rows and budget.tokens is not None:
        taken = setup.calls_per_test_example * tokens_per_call(setup)
        rows = min(rows, max(1, int(budget.tokens * HELD_OUT_SHARE / taken)))
    return rows


def tokens_per_call(setup: RunConfig, *, answer: bool = True) -> float:
    """Tokens of the start prompt on a row, with an answer as long as the references."""
    shown = [*setup.task.data.test[:_SIZE_SAMPLE], *setup.task.data.val[:_SIZE_SAMPLE]]
    asked = [len(message["content"]) for row in shown for message in render(setup.task.program.main, row)]
    wanted = [len(one) for row in shown for one in row.outputs[:1]]
    said = min(setup.task.answer_tokens, max(wanted, default=0) / CHARACTERS_PER_TOKEN + 1) if answer else 0.0
    return sum(asked) / max(1, len(shown)) / CHARACTERS_PER_TOKEN + said
