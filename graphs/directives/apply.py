"""Each directive as it takes effect: what it changes in the state, in the store, or why it changes nothing."""

from __future__ import annotations

from ...core.budget import Budget
from ...core.directives import (
    AddExample,
    Annotate,
    Approve,
    ChangeBudget,
    ChangeRole,
    ChangeWeight,
    Directive,
    Edit,
    Fork,
    Hint,
    Pause,
    Pin,
    Prefer,
    Replan,
    Resume,
    Rule,
    Stop,
    Veto,
)
from ...core.errors import MaieuticError, TaskError
from ...core.suggest import did_you_mean
from ...runtime.store import PreferenceRow, RuleRow
from ..config_changes import apply_changes
from ..run_context import RunContext
from ..state import BUDGET_SPENT, RunState
from . import candidate_edits as candidates
from . import example_edits as rows
from .result import Boundary, DirectiveResult

ALL_ROUNDS = 2**31
STOPPED_BY_PERSON = "a person stopped it"
_EVALUATOR_WEIGHTS_REFUSED = (
    "scores under other weights could not be compared with those there are; change [[evaluators]] in the task and fork"
)
_TARGET_CHANGE_REFUSED = (
    "the prompts are made for the target: scores of another one could not be compared; begin a run with it"
)


async def apply_directive(
    session: RunContext, state: RunState, directive: Directive, place: Boundary
) -> DirectiveResult:
    """Idempotent at one boundary: a node that is run again after a crash applies the same again."""
    archive = session.archive(place.read_before)
    match directive:
        case Pin(candidate=name) | Veto(candidate=name) | Edit(candidate=name) if name not in archive:
            return DirectiveResult(refused=f"there is no candidate {name}")
        case Pause() | Resume():
            return DirectiveResult()
        case Stop():
            return DirectiveResult(update={"ending": STOPPED_BY_PERSON, "report": directive.report})
        case Pin():
            return await candidates.pin(session, directive, place)
        case Veto():
            return await candidates.veto(session, directive, place)
        case Edit():
            return await candidates.edit(session, state, directive, place)
        case Annotate():
            return await rows.annotate(session, directive, place)
        case AddExample():
            return await rows.add_example(session, state, directive, place)
        case Prefer():
            return await _set_preference(session, directive, place)
        case ChangeBudget():
            return await _change_budget(session, state, directive.budget)
        case ChangeRole():
            return await _change_model(session, directive)
    return await _words(session, state, directive, place)


async def _words(session: RunContext, state: RunState, directive: Directive, place: Boundary) -> DirectiveResult:
    """What changes only what is said, asked or planned from now on."""
    match directive:
        case Hint():
            return DirectiveResult(update={"hints": [*state["hints"], directive.text]})
        case Rule():
            row = RuleRow(when=directive.when, advice=directive.advice, step=place.write_step)
            await session.store.save_rules(session.run, [row])
            return DirectiveResult()
        case ChangeWeight():
            return _change_weight(session, directive)
        case Replan() if not session.config.recipe.planner:
            return DirectiveResult(refused=f"the recipe {session.config.recipe.name} has no planner")
        case Replan():
            return DirectiveResult(update={"plan": []})
        case Approve() if not session.config.approve:
            return DirectiveResult(refused="this run asks for no approval; it was begun without --approve")
        case Approve():
            approved = ALL_ROUNDS if directive.rest else max(state.get("approved", 0), state["round"] + 1)
            return DirectiveResult(update={"approved": approved})
        case Fork(run=run) if run:
            return DirectiveResult(log_data={"fork": run})
    return DirectiveResult(refused="a fork is a run of its own: maieutic fork RUN CANDIDATE begins one")


async def _set_preference(session: RunContext, directive: Prefer, place: Boundary) -> DirectiveResult:
    archive = session.archive(place.read_before)
    for name in (directive.a, directive.b):
        if name not in archive:
            return DirectiveResult(refused=f"there is no candidate {name}")
    if directive.a == directive.b:
        return DirectiveResult(refused="a duel needs two candidates")
    if directive.example is not None and directive.example not in session.examples:
        return DirectiveResult(refused=f"there is no row {directive.example} in train or val")
    row = PreferenceRow(
        a=directive.a, b=directive.b, example=directive.example, margin=directive.margin, step=place.write_step
    )
    await session.store.save_preferences(session.run, [row])
    return DirectiveResult()


async def _change_budget(session: RunContext, state: RunState, budget: Budget) -> DirectiveResult:
    try:
        budget.check()
    except TaskError as error:
        return DirectiveResult(refused=error.what)
    session.ledger.budget = budget
    session.config.budget = budget
    await session.store.update_run(session.run, budget_json=budget.model_dump_json())
    update: RunState = {"budget": budget.model_dump()}
    if state["ending"] == BUDGET_SPENT:
        update["ending"] = ""
    return DirectiveResult(update=update)


async def _change_model(session: RunContext, directive: ChangeRole) -> DirectiveResult:
    """The model is looked at before it is asked anything: a role nobody can play would end the run."""
    if directive.role == "target":
        return DirectiveResult(refused=_TARGET_CHANGE_REFUSED)
    try:
        await session.model_client.check(directive.model)
    except MaieuticError as error:
        return DirectiveResult(refused=f"{directive.model.id} cannot be asked: {error.what}")
    before = session.config.task.models.for_role(directive.role)
    session.config = apply_changes(session.config, [directive])
    return DirectiveResult(log_data={"before": str(before), "after": str(directive.model)})


def _change_weight(session: RunContext, directive: ChangeWeight) -> DirectiveResult:
    if directive.of == "evaluator":
        return DirectiveResult(refused=_EVALUATOR_WEIGHTS_REFUSED)
    known = {use.use: use.weight for use in session.config.recipe.operators}
    if directive.name not in known:
        hint = did_you_mean(directive.name, known) or f"it has {', '.join(known)}"
        return DirectiveResult(refused=f"no operator of the recipe is called {directive.name!r}; {hint}")
    if len(known) == 1:
        return DirectiveResult(
            refused=f"the recipe has one operator alone: it is asked whatever {directive.name} weighs"
        )
    session.config = apply_changes(session.config, [directive])
    return DirectiveResult(log_data={"before": known[directive.name], "after": directive.weight})
