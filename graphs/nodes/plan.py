"""The node that begins a round: the planner's path where the recipe has one, then the strategy's orders."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...agents.asks.common import ChooseViews, PlanPath, PlanSolution
from ...core.asks import CALLS_PER_ASK, Case
from ...core.budget import fair_shares
from ...core.errors import BudgetSpent
from ...core.identity import seeded_random
from ...core.protocols import kinds_of
from ...core.render import program_instruction_text
from ...core.search_types import Search, WorkOrder
from ...plugins.algorithms.fitness import VIEWS
from ...plugins.algorithms.llm_helpers import CAPABLE_CASES, task_description
from ..inputs.fork import redirect_orders
from ..inputs.prompt_selection import assign_prompts
from ..passes import has_budget_left, next_pass
from ..run_context import RunContext, end_step
from ..run_team import run_team
from ..state import BUDGET_SPENT, TIME_UP, RunState

EXHAUSTED = "the recipe has nothing more to propose"
ROUNDS_DONE = "the recipe's rounds are done"
# A strategy may skip a few rounds, as when all its proposals were duplicates; after ten it will not recover.
_MAX_IDLE_ROUNDS = 10
_DEFAULT_PATH = "Make the task and the wanted answer unmistakable."
_RULE_BASED_VIEWS = "by rule"
# Enough cases to see what the task is, one where the prompt is what is planned for; who can read more gets as many as
# an operator shows.
_PATH_CASES, _EDIT_CASES, _VIEW_CASES = 3, 1, 3


async def plan(context: RunContext, state: RunState) -> RunState:
    """Make the plan, ask the strategy for orders, and keep those the budget can pay."""
    config, step = context.config, state["step"]
    update: RunState = {"round": state["round"] + 1, "orders": [], "new": [], "pool": [], "batch": 0}
    update |= {"drafts": None, "unpaid": None, "rows": None}  # type: ignore[typeddict-item]
    search, orders, ending = await _next_orders(context, state, update)
    if is_schedule_over(search, ending):
        another, why_not = next_pass(context, state, search)
        if another is not None:
            update |= another
            state = {**state, **another}
            search, orders, later = await _next_orders(context, state, update)
            ending = ending if later == EXHAUSTED else later
        elif why_not:
            ending = f"{ending}; {why_not}"
    affordable = _affordable_orders(context, orders, search.remaining_optimizer_calls)
    learning = {name for name, operator in config.operators.items() if "train" in operator.needs}
    kinds = {name: kinds_of(operator) for name, operator in config.operators.items()}
    affordable = assign_prompts(affordable, search, config.recipe.slots, learning, kinds)
    if orders and not affordable:
        ending = BUDGET_SPENT
    if is_schedule_over(search, ending) and search.remaining_runs and _has_new_edit(context, step):
        # A person's prompt that came when the search had ended is still measured, in a round without orders.
        ending, update["round"] = "", state["round"]
    update["orders"] = [order.model_dump(mode="json") for order in affordable]
    update["memory"] = {**state["memory"], "strategy": search.memory}
    update["ending"] = ending
    if not ending:
        order_data = [
            {"operator": order.operator, "parents": list(order.parents), "goal": order.plan_step}
            for order in affordable
        ]
        passes: dict[str, Any] = {"passes": state["passes"]} if state.get("passes") else {}
        await context.emit("round_started", step, round=update["round"], orders=order_data, **passes)
    return end_step(context, state, {**update, "step": step})


def is_schedule_over(search: Search, ending: str) -> bool:
    """Whether it is the recipe's schedule that ends the search, and neither a person, the budget nor idle rounds."""
    return ending in (EXHAUSTED, ROUNDS_DONE) or (ending != "" and ending == search.ending)


async def _next_orders(context: RunContext, state: RunState, update: RunState) -> tuple[Search, list[WorkOrder], str]:
    """The search, the strategy's orders, and why there are none where the search is over."""
    config = context.config
    update["idle"] = state.get("idle", 0) + 1
    search = context.build_search({**state, **update}, "strategy")
    ending = stop_reason(context, state, search)
    if ending:
        return search, [], ending
    if config.recipe.planner and not state.get("plan"):
        update["plan"] = await make_plan(context, state["step"])
        search.plan = tuple(update["plan"])
    orders = redirect_orders(config.strategy.ask(search), search.archive, update["round"])
    return search, orders, "" if orders or not state["round"] else search.ending or EXHAUSTED


def stop_reason(context: RunContext, state: RunState, search: Search) -> str:
    """Why the search is over, empty while it goes on."""
    if state.get("ending"):
        return state["ending"]
    if search.remaining_runs < 1:
        return BUDGET_SPENT
    minutes = context.config.budget.minutes
    if minutes is not None and context.elapsed_seconds(state) >= minutes * 60:
        return TIME_UP
    recipe = context.config.recipe
    is_limited = recipe.grows != "rounds" or not has_budget_left(search)
    if is_limited and state["round"] - state.get("pass_round", 0) >= recipe.rounds:
        return ROUNDS_DONE
    if state.get("idle", 0) >= _MAX_IDLE_ROUNDS:
        return f"{_MAX_IDLE_ROUNDS} rounds in a row brought nothing new"
    patience = context.config.options.patience
    if patience is not None and state["round"] - state.get("best_round", 0) >= patience:
        return f"no better prompt in {patience} round{'s' if patience > 1 else ''}"
    return ""


async def make_plan(context: RunContext, step: int) -> list[str]:
    """The plan's steps; without a readable reply of the planner there is one: improve the prompt, or choose by rule."""
    views = context.config.recipe.plans == "views"
    try:
        steps = await (_plan_views(context, step) if views else _plan_path(context, step))
    except BudgetSpent:
        steps = []
    steps = steps or [_RULE_BASED_VIEWS if views else _DEFAULT_PATH]
    await context.emit("plan_made", step, steps=steps)
    return steps


async def _plan_path(context: RunContext, step: int) -> list[str]:
    """The steps in which the task is solved, or the edits that the prompt needs."""
    edits = plans_edits(context)
    few = _EDIT_CASES if edits else _PATH_CASES
    ask = (PlanPath if edits else PlanSolution)(
        task=task_description(context.task_brief()),
        prompt=program_instruction_text(context.config.task.program),
        rows=_train_cases(context, step, CAPABLE_CASES if context.config.has_capable_authors else few),
    )
    reply = await run_team(context, step, "plan").act(ask)
    return list(reply.steps) if reply else []


def plans_edits(context: RunContext) -> bool:
    """Whether the plan has edits of the prompt, as small authors make it unless the recipe says otherwise.

    In one run each, small authors ended at 0.74 with edits, and at 0.00 with a path and examples.
    """
    plans = context.config.recipe.plans
    if plans == "auto":
        return not context.config.has_capable_authors
    return plans == "edits" or context.config.instructed_limits


async def _plan_views(context: RunContext, step: int) -> list[str]:
    """Names of the views by which fitness is measured."""
    listed = tuple(f"{name}: {meaning}" for name, meaning in VIEWS.items())
    cases = _train_cases(context, step, _VIEW_CASES)
    ask = ChooseViews(task=task_description(context.task_brief()), rows=cases, views=listed)
    reply = await run_team(context, step, "plan").act(ask)
    reply_text = " ".join(reply.items).casefold() if reply else ""
    return [name for name in VIEWS if name in reply_text]


def _train_cases(context: RunContext, step: int, most: int) -> tuple[Case, ...]:
    train = context.config.task.data.train
    rows = seeded_random(context.config.seed, "plan", step).sample(list(train), min(most, len(train)))
    return tuple(Case(input=row.text, expected=row.output or "") for row in rows)


def _has_new_edit(context: RunContext, step: int) -> bool:
    """Whether a person wrote a prompt at the boundary just before this step."""
    alive = context.archive(step).alive
    return any(candidate.operator == "person" and candidate.step == step - 1 for candidate in alive)


def _affordable_orders(context: RunContext, orders: Sequence[WorkOrder], remaining: int) -> list[WorkOrder]:
    """The orders that the budget can pay, in their order.

    Where writing could use up what measuring needs, the orders share half of the remaining optimizer calls: who needs
    little gets it whole, the others get equal allowances.
    """
    most = [context.config.operators[order.operator].calls for order in orders]
    half = remaining // 2
    if sum(most) <= half:
        return list(orders)
    return [
        order if not calls else order.model_copy(update={"allowance": max(share, CALLS_PER_ASK)})
        for order, calls, share in zip(orders, most, fair_shares(most, half), strict=True)
        if not calls or (share >= CALLS_PER_ASK or remaining >= 2 * CALLS_PER_ASK * len(orders))
    ]
