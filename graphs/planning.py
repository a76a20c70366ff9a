"""What the planner lays down before the first round: a path of sub-goals, or the views that shall count."""

from __future__ import annotations

from ..core.dialogue.ask import Case
from ..core.dialogue.methods import PlanPath
from ..core.dialogue.views import ChooseViews
from ..core.errors import BudgetSpent
from ..core.identity import seeded
from ..core.render import brief_of
from ..plugins.strategies.fitness import VIEWS
from .session import Session

_NO_PATH = "Make the task and the wanted answer unmistakable."
_NO_VIEWS = "by rule"


async def planned(session: Session, step: int) -> list[str]:
    """The steps of the plan. Where it cannot be read there is one: improve the prompt, or let a rule choose."""
    views = session.setup.recipe.plans == "views"
    try:
        steps = await (_views(session, step) if views else _path(session, step))
    except BudgetSpent:
        steps = []
    steps = steps or [_NO_VIEWS if views else _NO_PATH]
    await session.emit("plan_made", step, steps=steps)
    return steps


async def _path(session: Session, step: int) -> list[str]:
    """Ordered sub-goals, from one row of train."""
    prompt = brief_of(session.setup.task.program)
    ask = PlanPath(task=session.brief().description, prompt=prompt, rows=_rows(session, step, 1))
    reply = await session.team(step, "plan").act(ask)
    return list(reply.steps) if reply else []


async def _views(session: Session, step: int) -> list[str]:
    """Names of views, from some rows of train."""
    listed = tuple(f"{name}: {meaning}" for name, meaning in VIEWS.items())
    ask = ChooseViews(task=session.brief().description, rows=_rows(session, step, 3), views=listed)
    reply = await session.team(step, "plan").act(ask)
    said = " ".join(reply.items).casefold() if reply else ""
    return [name for name in VIEWS if name in said]


def _rows(session: Session, step: int, most: int) -> tuple[Case, ...]:
    train = session.setup.task.data.train
    rows = seeded(session.setup.seed, "plan", step).sample(list(train), min(most, len(train)))
    return tuple(Case(input=row.text, expected=row.output or "") for row in rows)
