"""Scoring one program on a split, outside any search."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from ..core.budget import Budget
from ..core.candidate import Candidate
from ..core.dataset import SPLITS, Example, Split
from ..core.errors import UsageError
from ..core.program import Program
from ..core.prompt import check_placeholders
from ..core.recipe import PluginRef, Recipe
from ..core.render import template_values
from ..core.score import Evaluation
from ..core.task import Task
from ..plugins.system.registry import Registry
from .candidate_guards import candidate_id
from .measuring.measure import measure, only_evaluations
from .preflight import check_evaluators, models_used
from .run_config import RunConfig
from .run_lifecycle import RunContexts, new_run_id, run_record

EVAL_RECIPE = Recipe(
    name="eval",
    summary="Score one prompt; nothing is searched.",
    strategy=PluginRef(use="pool"),
    allocator=PluginRef(use="full"),
    operators=(),
)


async def evaluate_program(
    task: Task,
    program: Program,
    *,
    split: Split = "test",
    concurrency: int = 4,
    folder: Path | str = ".maieutic",
    registry: Registry | None = None,
    budget: Budget | None = None,
) -> list[Evaluation]:
    """Evaluations of a program on a split, in the split's order; rows beyond the budget are left out.

    The store keeps it as a run of the recipe `eval`, so answers are cached and the cost is on record. Raises
    UsageError for an empty split and for a placeholder that its rows cannot fill, ModelError for an unusable endpoint.
    """
    rows = checked_examples(task, program, split)
    setup = RunConfig.resolve(
        task, recipe=EVAL_RECIPE, budget=budget, concurrency=concurrency, folder=folder, registry=registry
    )
    if budget is None:
        setup.budget = Budget(calls=len(rows) * sum(setup.calls_per_run(program, repairs=True)))
    await check_evaluators(setup)
    run = new_run_id()
    one = Candidate(id=candidate_id(program), program=program, operator="given", step=1)
    async with RunContexts(config=setup) as desk:
        assert desk.store is not None
        assert desk.model_client is not None
        for model in models_used(setup):
            await desk.model_client.check(model)
        await desk.store.create_run(run_record(setup, run))
        session = await desk.context_for({"run": run})
        await desk.store.save_candidates(run, [one])
        ended = "failed"
        try:
            done = only_evaluations(await measure(session, [(one, row) for row in rows], split=split, step=1))
            ended = "finished"
        except asyncio.CancelledError:
            ended = "stopped"
            raise
        finally:
            await desk.store.update_run(run, state=ended, best=one.id, finished=datetime.now(UTC).isoformat())
    return done


def checked_examples(task: Task, program: Program, split: Split) -> Sequence[Example]:
    """The split's rows, once it is sure that they reach the model: what a task asks of its own prompts holds for one
    that is brought along. Raises UsageError for an empty split, TaskError for a placeholder that no row fills."""
    rows = task.data[split]
    if not rows:
        raise UsageError(
            f"the split {split} has no rows",
            where=task.where(f"[data] {split}"),
            possible=[one for one in SPLITS if task.data[one]],
        )
    for name, prompt in program.prompts.items():
        asked = [row for row in rows if name in program.prompts_for(row)] or rows
        known = frozenset(template_values(asked[0])) | (program.prompts.keys() - {name})
        check_placeholders(prompt, known, where=f"prompt {name!r}")
    return rows
