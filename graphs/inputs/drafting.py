"""A task without data: a model writes rows, another labels them, and the report says so."""

from __future__ import annotations

from ...core.asks import CALLS_PER_ASK
from ...core.dataset import Split
from ...core.errors import TaskError
from ...plugins.algorithms.example_generation import generate_examples, max_generation_calls
from ..run_context import RunContext
from .generated_rows import join_rows

_SPLITS: tuple[Split, ...] = ("train", "val", "test", "val", "test")
_MAX_ROWS, _MIN_ROWS = 50, 10
_BUDGET_DIVISOR = 3


async def draft_dataset(session: RunContext, step: int) -> None:
    """Fill all splits, the sealed one too. As many rows as a third of the budget's calls can pay, 50 at most.

    Raises TaskError where fewer than 10 could be made: a budget or a model too small to begin with nothing.
    """
    setup = session.config
    count = _MAX_ROWS
    if setup.budget.calls is not None:
        # What is expected is one call an ask; the other that `calls_for` counts is a repair.
        while count > _MIN_ROWS and max_generation_calls(count) * _BUDGET_DIVISOR > CALLS_PER_ASK * setup.budget.calls:
            count -= 1
    await session.emit("rows_asked", step, rows=count)
    # No prompt is shown: nothing is known of where it fails, and a small author takes its question for an input.
    made = await generate_examples(session.team(step, "draft"), session.task_brief(), "", count, splits=_SPLITS)
    await join_rows(session, made, step=step, room=0)
    found = sum(1 for _ in session.config.task.data.examples())
    if found < _MIN_ROWS:
        raise TaskError(
            f"the synthesizer and the judge agreed on a form for {found} rows alone, of {count} that were wanted",
            where=setup.task.where("[data]"),
            possible=(f"{_MIN_ROWS} rows or more",),
            remedy="name a stronger optimizer, describe the task and its [answer] better, or give rows",
        )
    session.config.task.check()
