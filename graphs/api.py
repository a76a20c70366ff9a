"""Optimize a task as a library call: start, stream, resume, and the graph itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Unpack

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph.state import CompiledStateGraph

from ..core.budget import Budget
from ..core.events import Event
from ..core.recipe import Recipe
from ..core.task import Task
from ..plugins.system.consent import check_task_consent
from ..plugins.system.registry import Registry
from ..runtime.store import Store
from .arguments.metrics import Metric, evaluator_specs
from .arguments.task import ResolvedTask, TaskArguments, TaskSource, resolve_task
from .blocking import run_blocking
from .execution import check_run_id as check_run_id
from .execution import continue_run
from .execution import start_run as start_run
from .graph import state_graph
from .progress import show_progress
from .result import Result as Result
from .run_config import RunConfig
from .run_context import Callback, Listener
from .run_lifecycle import RunContexts
from .run_options import GraphKeywords, LimitKeywords, RunKeywords, RunOptions, budget_from, shows_options
from .state import RunState


class OptimizeKeywords(TaskArguments, LimitKeywords, RunKeywords, total=False):
    """Every keyword argument of `optimize`, so that type checkers find a misspelt one."""


@shows_options
async def aoptimize(
    task: TaskSource | None = None,
    *,
    listen: Listener | None = None,
    callbacks: Callback | Sequence[Callback] = (),
    progress: bool | None = False,
    registry: Registry | None = None,
    run: str | None = None,
    **options: Unpack[OptimizeKeywords],
) -> Result:
    """Optimize a prompt and measure the gain on examples that were held out.

        result = await aoptimize(prompt="…", train=rows, metric=fn, target="openai/x", calls=400)

    Args:
        task: a Task, a task file or its folder; None for a task in arguments.
        listen: called with every event, in order.
        callbacks: called with every event too; the search ends, with its report, where one returns True.
        progress: whether to show a panel on stderr or in the notebook; None shows it where a person can see it.
        registry: the plugins to choose from; all installed ones if None.
        run: the new run's id, one that `check_run_id` accepts; generated if None.
        **options: `TaskArguments`: prompt, train, val, test, metric, target, optimizer and more. `LimitKeywords`: calls
            (400 by default), tokens, usd, minutes. `RunOptions`: recipe, seed, concurrency, folder, settings, approve,
            origin, executor, observers, patience, prefer, trust.

    Returns:
        The winning program with its report.

    Raises:
        UsageError: an option or name that does not exist; nothing was spent.
        TaskError: a task that cannot be optimized; nothing was spent.
        ModelError: an unusable endpoint. Completed calls are kept; `aresume` continues.
        RunFailed: any other failure.
    """
    resolved, run_options = read_keywords(task, options, registry)
    with show_progress(progress, run_options, resolved.notes) as display:
        return await start_run(
            resolved.task,
            run_options,
            listen=listen,
            callbacks=(*_listed(callbacks), *display),
            registry=resolved.registry,
            run=run,
        )


@shows_options
def optimize(
    task: TaskSource | None = None,
    *,
    listen: Listener | None = None,
    callbacks: Callback | Sequence[Callback] = (),
    progress: bool | None = None,
    registry: Registry | None = None,
    run: str | None = None,
    **options: Unpack[OptimizeKeywords],
) -> Result:
    """Optimize a prompt and measure the gain on examples that were held out.

        result = optimize(prompt="…", train=rows, metric=fn, target="openai/x", calls=400)

    For callers that cannot await, in a notebook too; arguments, result and errors are those of `aoptimize`.
    """
    resolved, run_options = read_keywords(task, options, registry)
    with show_progress(progress, run_options, resolved.notes) as display:
        work = start_run(
            resolved.task,
            run_options,
            listen=listen,
            callbacks=(*_listed(callbacks), *display),
            registry=resolved.registry,
            run=run,
        )
        return run_blocking(work, on_tick=display.draw)


async def aresume(
    run: str = "latest",
    *,
    folder: Path | str = ".maieutic",
    concurrency: int | None = None,
    budget: Budget | int | None = None,
    metric: Metric | Sequence[Metric] | None = None,
    listen: Listener | None = None,
    callbacks: Callback | Sequence[Callback] = (),
    progress: bool | None = False,
    registry: Registry | None = None,
    trust: bool = False,
) -> Result:
    """Continue a run where it was interrupted. With a deterministic model it ends as if it had not been.

    Args:
        run: its id, or `latest`.
        folder: where its store lives.
        concurrency: model calls at a time; the run's own if None.
        budget: replaces the run's budget.
        metric: the function that the run was given as its metric, which no store can hold.
        listen: called with every event, in order.
        callbacks: as in `aoptimize`.
        progress: as in `aoptimize`.
        registry: the plugins to choose from; all installed ones if None.
        trust: agree to the code and the hosts of a run that somebody else started, or whose code has changed.

    Returns:
        The result; of a finished run, the one it ended with.

    Raises:
        UsageError: an unknown run.
        TrustError: a run that was not started at this account, with code or hosts of its own.
        ModelError, RunFailed: as `aoptimize` does.
    """
    with Store.open(Path(folder), read_only=True) as store:
        record = store.run(run)
    options = RunOptions.from_record(record, folder=folder)
    options = replace(
        options,
        budget=budget_from(budget) or options.budget,
        concurrency=concurrency or options.concurrency,
        trust=trust,
    )
    task = Task.model_validate_json(record.task_json)
    if not trust:
        check_task_consent(task)
    if metric is not None:
        registry = registry or Registry.load()
        evaluator_specs(metric, registry)
    # Limits are part of a call's key: a run that began when they followed from instruction and contract alone keeps
    # them, or what it paid for would be paid again.
    instructed_limits = record.options.get("answer_limits") != "model"
    if instructed_limits:
        constraints = task.constraints.model_copy(update={"max_answer_tokens": task.answer_tokens})
        task = task.model_copy(update={"constraints": constraints})
    config = RunConfig.resolve(task, options, registry)
    config.instructed_limits = instructed_limits
    with show_progress(progress, options) as display:
        return await continue_run(record.id, config, listen=listen, callbacks=(*_listed(callbacks), *display))


def resume(
    run: str = "latest",
    *,
    folder: Path | str = ".maieutic",
    concurrency: int | None = None,
    budget: Budget | int | None = None,
    metric: Metric | Sequence[Metric] | None = None,
    listen: Listener | None = None,
    callbacks: Callback | Sequence[Callback] = (),
    progress: bool | None = None,
    registry: Registry | None = None,
    trust: bool = False,
) -> Result:
    """Continue a run where it was interrupted.

    For callers that cannot await, in a notebook too; arguments, result and errors are those of `aresume`.
    """
    with show_progress(progress, RunOptions(folder=folder)) as display:
        work = aresume(
            run,
            folder=folder,
            concurrency=concurrency,
            budget=budget,
            metric=metric,
            listen=listen,
            callbacks=(*_listed(callbacks), *display),
            registry=registry,
            trust=trust,
        )
        return run_blocking(work, on_tick=display.draw)


async def astream(
    task: TaskSource | None = None,
    *,
    registry: Registry | None = None,
    run: str | None = None,
    **options: Unpack[OptimizeKeywords],
) -> AsyncIterator[Event]:
    """Optimize, and yield the run's events as they happen. Leaving the loop early stops the run.

    Args:
        task: as in `aoptimize`.
        registry: as in `aoptimize`.
        run: as in `aoptimize`.
        **options: those of `aoptimize`.

    Yields:
        Every event, in order.

    Raises:
        MaieuticError: as `aoptimize` does.
    """
    queue: asyncio.Queue[Event | None] = asyncio.Queue()
    work = asyncio.create_task(aoptimize(task, listen=queue.put_nowait, registry=registry, run=run, **options))
    work.add_done_callback(lambda _: queue.put_nowait(None))
    try:
        while (event := await queue.get()) is not None:
            yield event
        await work
    finally:
        if not work.done():
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)


def build_graph(
    task: Task,
    recipe: str | Recipe = "auto",
    *,
    checkpointer: BaseCheckpointSaver[Any] | None = None,
    listen: Listener | None = None,
    registry: Registry | None = None,
    **options: Unpack[GraphKeywords],
) -> CompiledStateGraph[RunState, Any, RunState, RunState]:
    """The compiled LangGraph state machine, to run or to embed as a subgraph.

    Invoke it with `{}`. The final state names the run and its best candidate; the store in `folder` holds the rest.
    Give a high `recursion_limit` in the config: a run takes some ten steps a round. Where it waits for an approval it
    interrupts, and `Command(resume=True)` continues.

    Args:
        task: what to optimize for.
        recipe: the method.
        checkpointer: leave it out for a subgraph.
        listen: called with every event, in order.
        registry: the plugins to choose from; all installed ones if None.
        **options: further fields of `RunOptions`.

    Returns:
        The compiled graph.

    Raises:
        UsageError, TaskError, NeedsError: parts that do not fit.
    """
    config = RunConfig.resolve(task, RunOptions.from_keywords({"recipe": recipe, **options}), registry)
    return state_graph(RunContexts(config=config, listen=listen)).compile(checkpointer=checkpointer, name="maieutic")


def read_keywords(
    task: TaskSource | None, keywords: Mapping[str, Any], registry: Registry | None
) -> tuple[ResolvedTask, RunOptions]:
    """The task and the options of a call. Raises UsageError or TaskError for arguments that make none."""
    of_task = {name: value for name, value in keywords.items() if name in TaskArguments.__annotations__}
    rest = {name: value for name, value in keywords.items() if name not in of_task}
    options = RunOptions.from_keywords(rest, others=TaskArguments.__annotations__)
    return resolve_task(task, of_task, registry, trust=options.trust), options


def _listed(callbacks: Callback | Sequence[Callback]) -> Sequence[Callback]:
    return (callbacks,) if callable(callbacks) else callbacks
