"""Optimize a task as a library call: start, stream, resume, and the graph itself."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, Unpack, cast

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph.state import CompiledStateGraph
from langgraph.types import Command

from ..core.budget import Budget
from ..core.errors import MaieuticError, RunFailed, UsageError
from ..core.events import Event
from ..core.recipe import Recipe
from ..core.report import Report
from ..core.task import Task
from ..plugins.system.consent import check_task_consent, record_consent
from ..plugins.system.registry import Registry
from ..plugins.system.task_access import access_of_task
from ..runtime.settings import settings
from ..runtime.store import Store
from ..runtime.telemetry.spans import span
from .checkpoints import check_checkpoint_url, open_checkpointer
from .directives.pause import POLL_SECONDS
from .graph import state_graph
from .nodes.steer import DIRECTIVE_ARRIVED
from .result import Result as Result
from .run_config import RunConfig
from .run_context import Listener, RunContext
from .run_lifecycle import RunContexts, claim_run, failure_reason, mark_ended, new_run_id, root_error, run_record
from .run_options import RunKeywords, RunOptions, shows_options
from .state import RunState

# LangGraph stops a graph after 25 steps unless told otherwise; a run ends by its budget, never by a count of nodes.
_RECURSION_LIMIT = 1_000_000
_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@shows_options
async def aoptimize(
    task: Task,
    *,
    listen: Listener | None = None,
    registry: Registry | None = None,
    run: str | None = None,
    **options: Unpack[RunKeywords],
) -> Result:
    """Optimize a task's program and measure the gain on its held-out test.

    Args:
        task: what to optimize for.
        listen: called with every event, in order.
        registry: the plugins to choose from; all installed ones if None.
        run: the new run's id, one that `check_run_id` accepts; generated if None.
        **options: the fields of `RunOptions`: recipe, budget (400 calls by default), seed, concurrency, folder,
            settings, approve, origin, executor, observers, trust.

    Returns:
        The winning program with its report.

    Raises:
        UsageError: an option or name that does not exist; nothing was spent.
        TaskError: a task that cannot be optimized; nothing was spent.
        ModelError: an unusable endpoint. Completed calls are kept; `aresume` continues.
        RunFailed: any other failure.
    """
    return await start_run(task, RunOptions(**options), listen=listen, registry=registry, run=run)


async def start_run(
    task: Task,
    options: RunOptions,
    *,
    listen: Listener | None = None,
    registry: Registry | None = None,
    run: str | None = None,
) -> Result:
    """`aoptimize` with its options as one value."""
    check_checkpoint_url(settings().checkpoints)
    run_id = new_run_id() if run is None else check_run_id(run)
    config = RunConfig.resolve(task, options, registry)
    # Who starts a run may resume it: its task is read from the store then, where anybody could have put it.
    record_consent(access_of_task(task))
    async with RunContexts(config=config, listen=listen) as contexts:
        assert contexts.store is not None
        await contexts.store.create_run(run_record(config, run_id))
        return await _execute(contexts, run_id, {"run": run_id})


def check_run_id(run: str) -> str:
    """The id for a new run. Raises UsageError for one that commands could not refer to."""
    if run == "latest" or not _RUN_ID.fullmatch(run):
        raise UsageError(
            f"no run can be called {run!r}" + (": that word means the last one" if run == "latest" else ""),
            where="the new run's id",
            possible=("letters, digits, '.', '_' and '-', a letter or digit first",),
            remedy="choose another id, or give none and get one",
        )
    return run


def optimize(task: Task, **options: Any) -> Result:
    """Optimize a task's program and measure the gain on its held-out test.

    For callers without an event loop; arguments, result and errors are those of `aoptimize`.
    """
    return asyncio.run(aoptimize(task, **options))


async def aresume(
    run: str = "latest",
    *,
    folder: Path | str = ".maieutic",
    concurrency: int | None = None,
    budget: Budget | None = None,
    listen: Listener | None = None,
    registry: Registry | None = None,
    trust: bool = False,
) -> Result:
    """Continue a run where it was interrupted. With a deterministic model it ends as if it had not been.

    Args:
        run: its id, or `latest`.
        folder: where its store lives.
        concurrency: model calls at a time; the run's own if None.
        budget: replaces the run's budget.
        listen: called with every event, in order.
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
        options, budget=budget or options.budget, concurrency=concurrency or options.concurrency, trust=trust
    )
    task = Task.model_validate_json(record.task_json)
    if not trust:
        check_task_consent(task)
    # Limits are part of a call's key: a run that began when they followed from instruction and contract alone keeps
    # them, or what it paid for would be paid again.
    instructed_limits = record.options.get("answer_limits") != "model"
    if instructed_limits:
        constraints = task.constraints.model_copy(update={"max_answer_tokens": task.answer_tokens})
        task = task.model_copy(update={"constraints": constraints})
    config = RunConfig.resolve(task, options, registry)
    config.instructed_limits = instructed_limits
    async with RunContexts(config=config, listen=listen) as contexts:
        assert contexts.store is not None
        end = contexts.store.run_end(record.id)
        if record.state == "finished" or (end is not None and end.state == "finished"):
            return _build_result(contexts, record.id, record.best or "", "finished")
        await claim_run(contexts.store, record.id, budget_json=config.budget.model_dump_json())
        return await _execute(contexts, record.id, None)


def resume(run: str = "latest", **options: Any) -> Result:
    """Continue a run where it was interrupted.

    For callers without an event loop; arguments, result and errors are those of `aresume`.
    """
    return asyncio.run(aresume(run, **options))


async def astream(task: Task, **options: Any) -> AsyncIterator[Event]:
    """Optimize, and yield the run's events as they happen. Leaving the loop early stops the run.

    Args:
        task: what to optimize for.
        **options: those of `aoptimize`, without `listen`.

    Yields:
        Every event, in order.

    Raises:
        MaieuticError: as `aoptimize` does.
    """
    queue: asyncio.Queue[Event | None] = asyncio.Queue()
    work = asyncio.create_task(aoptimize(task, listen=queue.put_nowait, **options))
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
    **options: Any,
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
    config = RunConfig.resolve(task, RunOptions(recipe=recipe, **options), registry)
    return state_graph(RunContexts(config=config, listen=listen)).compile(checkpointer=checkpointer, name="maieutic")


async def _execute(contexts: RunContexts, run: str, initial: RunState | None) -> Result:
    """Run from the initial state, or from the last checkpoint if None. The run's record says how it ended."""
    try:
        attributes: dict[str, Any] = {
            "gen_ai.operation.name": "invoke_agent",
            "gen_ai.agent.name": "maieutic",
            "gen_ai.conversation.id": run,
        }
        with span("invoke_agent maieutic", **attributes):
            final = await _run_graph(contexts, run, initial)
    except asyncio.CancelledError:
        await mark_ended(await contexts.context_for({"run": run}), "stopped", "interrupted")
        raise
    except Exception as error:
        raise await _record_failure(contexts, run, error) from error
    return _build_result(contexts, run, final["best"], "stopped" if final["ended"] == "stopped" else "finished")


async def _run_graph(contexts: RunContexts, run: str, initial: RunState | None) -> RunState:
    config = {"configurable": {"thread_id": run}, "recursion_limit": _RECURSION_LIMIT}
    async with open_checkpointer(contexts.config.folder, settings().checkpoints) as saver:
        graph = state_graph(contexts).compile(checkpointer=saver)
        if initial is None:
            values = (await graph.aget_state(config)).values  # type: ignore[arg-type]
            initial = None if values else {"run": run}
            # The record has the budget that holds now: a person may have given a new one since the checkpoint.
            context = await contexts.context_for({**values, "run": run, "budget": None})
            await _continue_stopped(context, graph, config)
            await context.emit("run_resumed", values.get("step", 0), f"{datetime.now(UTC).timestamp()}")
            context.resume_count += 1  # a pause that still holds is recorded again
        final = await graph.ainvoke(initial, config, durability="sync")  # type: ignore[call-overload]
        while interrupts := final.get("__interrupt__"):
            await _wait_for_directive(contexts, run, interrupts[0].value)
            final = await graph.ainvoke(Command(resume=DIRECTIVE_ARRIVED), config, durability="sync")  # type: ignore[call-overload]
        return cast("RunState", final)


async def _continue_stopped(context: RunContext, graph: Any, config: Mapping[str, Any]) -> None:
    """A search that was stopped without a report goes on at the boundary where it stopped.

    Whether it was stopped says the store: a checkpoint without a next node may also be one whose last node has finished
    and has not reached the next checkpoint. Dying in here and resuming does the same again.
    """
    end, values = context.store.run_end(context.run), (await graph.aget_state(config)).values
    if end is not None:  # its process may have died before the checkpoint of the node that ended it
        values = await graph.ainvoke(None, config, durability="sync")
        await context.store.continue_run(context.run)
    if end is not None or values.get("ended") == "stopped":
        await graph.aupdate_state(config, {"ending": "", "ended": "", "report": True}, as_node="steer")


async def _wait_for_directive(contexts: RunContexts, run: str, interrupt: Mapping[str, Any]) -> None:
    """Wait for a directive that arrives after the interrupt's. The wait does not count as time of the run."""
    context, wait_start = await contexts.context_for({"run": run}), time.monotonic()
    while not context.store.directives(run, after=interrupt["directive"]):  # noqa: ASYNC110 - it may come from any process
        await asyncio.sleep(POLL_SECONDS)
    context.started_at += time.monotonic() - wait_start


async def _record_failure(contexts: RunContexts, run: str, error: BaseException) -> BaseException:
    """Record how the run failed. Returns the error a person should see."""
    cause = root_error(error)
    await mark_ended(await contexts.context_for({"run": run}), "failed", failure_reason(error))
    if isinstance(cause, MaieuticError):
        return cause
    return RunFailed(f"the run failed: {cause!r}", where=f"run {run}", remedy=f"maieutic resume {run}")


def _build_result(contexts: RunContexts, run: str, best: str, state: Literal["finished", "stopped"]) -> Result:
    assert contexts.store is not None
    program = next(candidate.program for candidate in contexts.store.candidates(run) if candidate.id == best)
    report_json = contexts.store.report(run)
    return Result(
        run=run,
        state=state,
        program=program,
        candidate=best,
        report=Report.model_validate_json(report_json) if report_json else None,
        config=contexts.config,
    )
