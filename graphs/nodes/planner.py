"""What the planner lays down before the first round: a path of sub-goals, or the views that shall count."""

from __future__ import annotations

from ...agents.asks.common import PlanPath
from ...agents.asks.planning import ChooseViews
from ...core.asks import Case
from ...core.errors import BudgetSpent
from ...core.identity import seeded_random
from ...core.render import program_instruction_text
from ...plugins.algorithms.fitness import VIEWS
from ..run_context import RunContext

_DEFAULT_PATH = "Make the task and the wanted answer unmistakable."
_RULE_BASED_VIEWS = "by rule"


async def make_plan(session: RunContext, step: int) -> list[str]:
    """The steps of the plan. Where it cannot be read there is one: improve the prompt, or let a rule choose."""
    views = session.config.recipe.plans == "views"
    try:
        steps = await (_plan_views(session, step) if views else _plan_path(session, step))
    except BudgetSpent:
        steps = []
    steps = steps or [_RULE_BASED_VIEWS if views else _DEFAULT_PATH]
    await session.emit("plan_made", step, steps=steps)
    return steps


async def _plan_path(session: RunContext, step: int) -> list[str]:
    """Ordered sub-goals, from one row of train."""
    prompt = program_instruction_text(session.config.task.program)
    ask = PlanPath(task=session.task_brief().description, prompt=prompt, rows=_train_cases(session, step, 1))
    reply = await session.team(step, "plan").act(ask)
    return list(reply.steps) if reply else []


async def _plan_views(session: RunContext, step: int) -> list[str]:
    """Names of views, from some rows of train."""
    listed = tuple(f"{name}: {meaning}" for name, meaning in VIEWS.items())
    ask = ChooseViews(task=session.task_brief().description, rows=_train_cases(session, step, 3), views=listed)
    reply = await session.team(step, "plan").act(ask)
    said = " ".join(reply.items).casefold() if reply else ""
    return [name for name in VIEWS if name in said]


def _train_cases(session: RunContext, step: int, most: int) -> tuple[Case, ...]:
    train = session.config.task.data.train
    rows = seeded_random(session.config.seed, "plan", step).sample(list(train), min(most, len(train)))
    return tuple(Case(input=row.text, expected=row.output or "") for row in rows)
