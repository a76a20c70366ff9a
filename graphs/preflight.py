"""What is checked before a run spends: models, evaluators, the contract; and what is kept for the report."""

from __future__ import annotations

from ..core.contracts import AskingEvaluator, BringsModels
from ..core.errors import TaskError
from ..core.models import ModelRef, Output, Reply
from .session import Session
from .setup import Setup

_ROWS = 3
_SEALED_SHARE = 0.4


async def preflight(session: Session) -> None:
    """Raises ModelError for an unusable endpoint or key, TaskError for an evaluator that refuses the references."""
    for model in models_used(session.setup):
        await session.door.check(model)
    await check_evaluators(session.setup)
    await session.emit("preflight_passed", 1, models=[model.id for model in models_used(session.setup)])


def models_used(setup: Setup) -> list[ModelRef]:
    """The target, the authors if any operator or evaluator asks one, and what evaluators bring."""
    models = setup.task.models
    asked = [one.calls for one in setup.operators.values()] + [one.calls for one in setup.asking]
    used = list(models.distinct().values()) if setup.recipe.planner or any(asked) else [models.target]
    brought = [model for one in setup.evaluators.values() if isinstance(one, BringsModels) for model in one.models]
    return list({str(model): model for model in [*used, *brought]}.values())


async def check_evaluators(setup: Setup) -> None:
    """A reference must satisfy its own row; an evaluator that gives all of them 0 is misnamed or misread. Those that
    ask a model are left out: nothing may be spent here."""
    rows = [example for example in setup.task.data.val if example.outputs]
    for name, evaluator in setup.evaluators.items():
        if isinstance(evaluator, AskingEvaluator):
            continue
        spec = setup.task.evaluators[list(setup.evaluators).index(name)]
        scores = []
        for example in [row for row in rows if spec in setup.task.evaluators_of(row)][:_ROWS]:
            text = example.outputs[0]
            given = Output(text=text, replies=(Reply(text=text),))
            scores.append(await evaluator.evaluate(example, given, setup.task.answer_of(example).read_answer(text)))
        if scores and all(score.value == 0 for score in scores):
            said = next((score.feedback for score in scores if score.feedback), "")
            raise TaskError(
                f"the evaluator {name!r} gives 0 to the reference outputs themselves" + (f": {said}" if said else ""),
                where=setup.task.where("[[evaluators]]"),
                possible=setup.registry.names("evaluator"),
                remedy="choose another evaluator, or correct the references or the [answer] table",
            )


def sealed_rows(setup: Setup) -> int:
    """How many test rows the report can afford: all of them, or what 40 % of a budget of calls can pay twice."""
    rows = 0 if setup.judged_by_person else len(setup.task.data.test)
    if setup.budget.calls is None:
        return rows
    return min(rows, int(setup.budget.calls * _SEALED_SHARE / setup.sealed_calls))
