"""Directives take effect: `apply_directive` has one case for each of them.

The rule: a case that only changes the graph's state stands in the match; one that writes to the store or changes the
config is a function, in `candidate_edits` (candidates), `example_edits` (examples) or below (everything else).
"""

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
from ...core.error_messages import did_you_mean
from ...core.errors import MaieuticError, TaskError
from ...runtime.store import PreferenceRow, RuleRow
from ..config_changes import apply_changes
from ..run_context import RunContext
from ..state import BUDGET_SPENT, RunState
from .candidate_edits import edit, pin, veto
from .example_edits import add_example, annotate
from .pause import active_pause
from .result import Boundary, DirectiveResult, record_directive

# More rounds than any run has: approves them all.
ALL_ROUNDS = 2**31
STOPPED_BY_PERSON = "a person stopped it"
_EVALUATOR_WEIGHTS_REFUSED = (
    "scores under other weights could not be compared with the earlier ones; change [[evaluators]] in the task and fork"
)
_TARGET_CHANGE_REFUSED = (
    "prompts are optimized for the target model, and scores of another could not be compared; start a run with it"
)
_FORK_REFUSED = "a fork is a run of its own: maieutic fork RUN CANDIDATE starts one"


async def apply_pending(context: RunContext, state: RunState, update: RunState, boundary: Boundary) -> int:
    """Apply the directives that arrived since `state`, into `update`. Returns the number of the pause that holds the
    run, 0 where none does."""
    directives = context.store.directives(context.run, after=state["directive"])
    for number, directive in directives:
        if number <= update["directive"]:
            continue
        update["directive"] = number
        result = await apply_directive(context, {**state, **update}, directive, boundary)
        update.update(result.update)
        await record_directive(context, boundary.write_step, number, directive, result)
    return active_pause(directives)


async def refuse_late_directives(context: RunContext, state: RunState) -> None:
    """Log as refused what arrived after the search was over."""
    result = DirectiveResult(refused="the search was over before it could be applied")
    for number, directive in context.store.directives(context.run, after=state["directive"]):
        await record_directive(context, state["step"], number, directive, result)


async def apply_directive(
    context: RunContext, state: RunState, directive: Directive, boundary: Boundary
) -> DirectiveResult:
    """Apply one directive. Idempotent at one boundary: a node that runs again after a crash applies it again."""
    recipe, archive = context.config.recipe, context.archive(boundary.read_before)
    match directive:
        case Pin(candidate=name) | Veto(candidate=name) | Edit(candidate=name) if name not in archive:
            return DirectiveResult(refused=f"there is no candidate {name}")
        case Pin():
            return await pin(context, directive, boundary)
        case Veto():
            return await veto(context, directive, boundary)
        case Edit():
            return await edit(context, state, directive, boundary)
        case Prefer():
            return await _save_preference(context, directive, boundary)
        case Annotate():
            return await annotate(context, directive, boundary)
        case AddExample():
            return await add_example(context, state, directive, boundary)
        case ChangeBudget():
            return await _change_budget(context, state, directive.budget)
        case ChangeRole():
            return await _change_model(context, directive)
        case ChangeWeight():
            return _change_weight(context, directive)
        case Rule():
            return await _save_rule(context, directive, boundary)
        case Hint():
            return DirectiveResult(update={"hints": [*state["hints"], directive.text]})
        case Replan() if not recipe.planner:
            return DirectiveResult(refused=f"the recipe {recipe.name} has no planner")
        case Replan():
            return DirectiveResult(update={"plan": []})
        case Approve() if not context.config.options.approve:
            return DirectiveResult(refused="this run asks for no approval; it was started without --approve")
        case Approve():
            next_round = max(state.get("approved", 0), state["round"] + 1)
            return DirectiveResult(update={"approved": ALL_ROUNDS if directive.rest else next_round})
        case Pause() | Resume():
            return DirectiveResult()
        case Stop():
            return DirectiveResult(update={"ending": directive.reason or STOPPED_BY_PERSON, "report": directive.report})
        case Fork(run=run):
            return DirectiveResult(log_data={"fork": run}) if run else DirectiveResult(refused=_FORK_REFUSED)


async def _save_preference(context: RunContext, directive: Prefer, boundary: Boundary) -> DirectiveResult:
    archive = context.archive(boundary.read_before)
    for name in (directive.a, directive.b):
        if name not in archive:
            return DirectiveResult(refused=f"there is no candidate {name}")
    if directive.a == directive.b:
        return DirectiveResult(refused="a duel needs two candidates")
    if directive.example is not None and directive.example not in context.examples:
        return DirectiveResult(refused=f"there is no example {directive.example} in train or val")
    row = PreferenceRow(
        a=directive.a,
        b=directive.b,
        example=directive.example,
        margin=directive.margin,
        step=boundary.write_step,
    )
    await context.store.save_preferences(context.run, [row])
    return DirectiveResult()


async def _save_rule(context: RunContext, directive: Rule, boundary: Boundary) -> DirectiveResult:
    row = RuleRow(when=directive.when, advice=directive.advice, step=boundary.write_step)
    await context.store.save_rules(context.run, [row])
    return DirectiveResult()


async def _change_budget(context: RunContext, state: RunState, budget: Budget) -> DirectiveResult:
    try:
        budget.check()
    except TaskError as error:
        return DirectiveResult(refused=error.what)
    context.ledger.budget = budget
    context.config.budget = budget
    await context.store.update_run(context.run, budget_json=budget.model_dump_json())
    update: RunState = {"budget": budget.model_dump()}
    if state["ending"] == BUDGET_SPENT:
        update["ending"] = ""
    return DirectiveResult(update=update)


async def _change_model(context: RunContext, directive: ChangeRole) -> DirectiveResult:
    """The model is checked before it is asked anything: a role without a usable model would end the run."""
    if directive.role == "target":
        return DirectiveResult(refused=_TARGET_CHANGE_REFUSED)
    try:
        await context.model_client.check(directive.model)
    except MaieuticError as error:
        return DirectiveResult(refused=f"{directive.model.id} cannot be used: {error.what}")
    before = context.config.task.models.for_role(directive.role)
    context.config = apply_changes(context.config, [directive])
    return DirectiveResult(log_data={"before": str(before), "after": str(directive.model)})


def _change_weight(context: RunContext, directive: ChangeWeight) -> DirectiveResult:
    if directive.of == "evaluator":
        return DirectiveResult(refused=_EVALUATOR_WEIGHTS_REFUSED)
    weights = {use.use: use.weight for use in context.config.recipe.operators}
    if directive.name not in weights:
        hint = did_you_mean(directive.name, weights) or f"it has {', '.join(weights)}"
        return DirectiveResult(refused=f"no operator of the recipe is called {directive.name!r}; {hint}")
    if len(weights) == 1:
        return DirectiveResult(
            refused=f"the recipe has only one operator, so the weight of {directive.name} changes nothing"
        )
    context.config = apply_changes(context.config, [directive])
    return DirectiveResult(log_data={"before": weights[directive.name], "after": directive.weight})
