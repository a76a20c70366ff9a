"""Each directive as it takes effect: what it changes in the state, in the store, or why it changes nothing."""

from __future__ import annotations

from ...core.budget import Budget
from ...core.directives import (
    AddExample,
    Annotate,
    Approve,
    ChangeBudget,
    Directive,
    Edit,
    Fork,
    Hint,
    Pause,
    Pin,
    Prefer,
    Replan,
    Resume,
    Roles,
    Rule,
    Stop,
    Veto,
    Weights,
)
from ...core.errors import MaieuticError, TaskError
from ...core.naming import did_you_mean
from ...runtime.store import PreferenceRow, RuleRow
from ..amend import amended
from ..session import Session
from ..state import SPENT, RunState
from . import candidates, rows
from .outcome import Outcome, Place

FOR_GOOD = 2**31
STOPPED = "a person stopped it"
_EVALUATORS = (
    "scores under other weights could not be compared with those there are; change [[evaluators]] in the task and fork"
)
_TARGET = "the prompts are made for the target: scores of another one could not be compared; begin a run with it"


async def apply(session: Session, state: RunState, directive: Directive, place: Place) -> Outcome:
    """Idempotent at one boundary: a node that is run again after a crash applies the same again."""
    archive = session.archive(place.step)
    match directive:
        case Pin(candidate=name) | Veto(candidate=name) | Edit(candidate=name) if name not in archive:
            return Outcome(refused=f"there is no candidate {name}")
        case Pause() | Resume():
            return Outcome()
        case Stop():
            return Outcome(update={"ending": STOPPED, "report": directive.report})
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
            return await _prefer(session, directive, place)
        case ChangeBudget():
            return await _budget(session, state, directive.budget)
        case Roles():
            return await _roles(session, directive)
    return await _words(session, state, directive, place)


async def _words(session: Session, state: RunState, directive: Directive, place: Place) -> Outcome:
    """What changes only what is said, asked or planned from now on."""
    match directive:
        case Hint():
            return Outcome(update={"hints": [*state["hints"], directive.text]})
        case Rule():
            row = RuleRow(when=directive.when, advice=directive.advice, step=place.at)
            await session.store.save_rules(session.run, [row])
            return Outcome()
        case Weights():
            return _weigh(session, directive)
        case Replan() if not session.setup.recipe.planner:
            return Outcome(refused=f"the recipe {session.setup.recipe.name} has no planner")
        case Replan():
            return Outcome(update={"plan": []})
        case Approve() if not session.setup.approve:
            return Outcome(refused="this run asks for no approval; it was begun without --approve")
        case Approve():
            approved = FOR_GOOD if directive.rest else max(state.get("approved", 0), state["round"] + 1)
            return Outcome(update={"approved": approved})
        case Fork(run=run) if run:
            return Outcome(told={"fork": run})
    return Outcome(refused="a fork is a run of its own: maieutic fork RUN CANDIDATE begins one")


async def _prefer(session: Session, directive: Prefer, place: Place) -> Outcome:
    archive = session.archive(place.step)
    for name in (directive.a, directive.b):
        if name not in archive:
            return Outcome(refused=f"there is no candidate {name}")
    if directive.a == directive.b:
        return Outcome(refused="a duel needs two candidates")
    if directive.example is not None and directive.example not in session.examples:
        return Outcome(refused=f"there is no row {directive.example} in train or val")
    row = PreferenceRow(a=directive.a, b=directive.b, example=directive.example, margin=directive.margin, step=place.at)
    await session.store.save_preferences(session.run, [row])
    return Outcome()


async def _budget(session: Session, state: RunState, budget: Budget) -> Outcome:
    try:
        budget.check()
    except TaskError as error:
        return Outcome(refused=error.what)
    session.ledger.budget = budget
    session.setup.budget = budget
    await session.store.update_run(session.run, budget_json=budget.model_dump_json())
    update: RunState = {"budget": budget.model_dump()}
    if state["ending"] == SPENT:
        update["ending"] = ""
    return Outcome(update=update)


async def _roles(session: Session, directive: Roles) -> Outcome:
    """The model is looked at before it is asked anything: a role nobody can play would end the run."""
    if directive.role == "target":
        return Outcome(refused=_TARGET)
    try:
        await session.door.check(directive.model)
    except MaieuticError as error:
        return Outcome(refused=f"{directive.model.id} cannot be asked: {error.what}")
    before = session.setup.task.models.of(directive.role)
    session.setup = amended(session.setup, [directive])
    return Outcome(told={"before": str(before), "after": str(directive.model)})


def _weigh(session: Session, directive: Weights) -> Outcome:
    if directive.of == "evaluator":
        return Outcome(refused=_EVALUATORS)
    known = {use.use: use.weight for use in session.setup.recipe.operators}
    if directive.name not in known:
        hint = did_you_mean(directive.name, known) or f"it has {', '.join(known)}"
        return Outcome(refused=f"no operator of the recipe is called {directive.name!r}; {hint}")
    if len(known) == 1:
        return Outcome(refused=f"the recipe has one operator alone: it is asked whatever {directive.name} weighs")
    session.setup = amended(session.setup, [directive])
    return Outcome(told={"before": known[directive.name], "after": directive.weight})
