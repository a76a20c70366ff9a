"""Score one program on a split, without a search."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Unpack

from ..core.budget import Budget
from ..core.candidate import Candidate
from ..core.dataset import SPLITS, Example, Split
from ..core.errors import MaieuticError, ModelError, RunStopped, UsageError
from ..core.models import ModelRef
from ..core.program import Program
from ..core.prompt import check_placeholders
from ..core.recipe import PluginRef, Recipe
from ..core.render import template_values
from ..core.score import Evaluation, Response
from ..core.task import Task
from ..plugins.system.registry import Registry
from ..runtime.models.throttle import RetryPolicy
from .candidate_guards import candidate_id
from .measuring.measure import measure, only_evaluations
from .preflight import check_evaluators, models_used
from .run_config import RunConfig
from .run_context import RunContext
from .run_lifecycle import RunContexts, new_run_id, run_record
from .run_options import MeasureKeywords, RunOptions

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
    registry: Registry | None = None,
    **options: Unpack[MeasureKeywords],
) -> list[Evaluation]:
    """Evaluations of a program on a split, in the split's order.

    The store keeps it as a run of the recipe `eval`, so answers are cached and the cost is on record.

    Args:
        task: gives the examples and the target model.
        program: what is scored.
        split: on which examples.
        registry: the plugins to choose from; all installed ones if None.
        **options: budget (what the examples take, if None), concurrency, folder.

    Raises:
        UsageError: an empty split, or a placeholder that its examples cannot fill.
        ModelError: an unusable endpoint, or one that failed on most examples.
        RunFailed: an app, a metric or a target that failed on most examples; `Evaluation.failure` tells the others.
        RunStopped: a budget that pays for no example.
    """
    rows = checked_examples(task, program, split)
    config = RunConfig.resolve(task, RunOptions.from_keywords({"recipe": EVAL_RECIPE, **options}), registry)
    if options.get("budget") is None:
        # A call that the endpoint fails on is asked again: that takes nothing from the other examples.
        calls = len(rows) * sum(config.calls_per_run(program, repairs=True))
        config.budget = Budget(calls=calls * RetryPolicy().max_attempts)
    await check_evaluators(config)
    run = new_run_id()
    candidate = Candidate(id=candidate_id(program), program=program, operator="given", step=1)
    async with RunContexts(config=config) as contexts:
        assert contexts.store is not None
        assert contexts.model_client is not None
        for model in models_used(config):
            await contexts.model_client.check(model)
        await contexts.store.create_run(run_record(config, run))
        context = await contexts.context_for({"run": run})
        await contexts.store.save_candidates(run, [candidate])
        final_state = "failed"
        results: Sequence[Evaluation | Response] = ()
        try:
            results = await measure(context, [(candidate, row) for row in rows], split=split, step=1)
            if rows and not results:
                raise _nothing_measured(context, task.models.target)
            final_state = "finished"
        except asyncio.CancelledError:
            final_state = "stopped"
            raise
        finally:
            finished = datetime.now(UTC).isoformat()
            await contexts.store.update_run(run, state=final_state, best=candidate.id, finished=finished)
    return only_evaluations(results)


def _nothing_measured(context: RunContext, target: ModelRef) -> MaieuticError:
    """The calls were spent before one example had its result, by examples that take more, or by an endpoint that
    failed."""
    return unanswered_error(
        context,
        target,
        limit=", which are all that --calls allows",
        remedy="see whether the endpoint answers at all, raise --calls, and try again",
    ) or RunStopped(
        "no example was measured: one takes more calls than the budget has",
        where="--calls",
        remedy="raise --calls, or leave it out",
    )


def unanswered_error(context: RunContext, model: ModelRef, *, limit: str = "", remedy: str) -> ModelError | None:
    """The error of an endpoint that has answered none of the run's calls; None where it answered, or was not asked.

    limit: what the calls ended at, to go on the sentence.
    """
    spent = context.ledger.view().total_paid
    if not spent.calls or spent.tokens:
        return None
    return ModelError(
        f"{model.id} answered none of {spent.calls} calls{limit}",
        where=model.api_base or f"provider {model.provider}",
        remedy=remedy,
    )


def checked_examples(task: Task, program: Program, split: Split) -> Sequence[Example]:
    """The split's examples, after checking that they can fill the program's placeholders.

    Raises UsageError for an empty split, TaskError for a placeholder that no example fills.
    """
    rows = task.data[split]
    if not rows:
        raise UsageError(
            f"the split {split} has no examples",
            where=task.where(f"[data] {split}"),
            possible=[name for name in SPLITS if task.data[name]],
        )
    for name, prompt in program.prompts.items():
        own_rows = [row for row in rows if name in program.prompts_for(row)] or rows
        fields = frozenset(template_values(own_rows[0])) | (program.prompts.keys() - {name})
        check_placeholders(prompt, fields, where=f"prompt {name!r}")
    return rows
