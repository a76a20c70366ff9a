"""Carries out a run: its record, the graph with its checkpoints, the waits, and how it ends."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Literal, cast

from langgraph.types import Command

from ..core.errors import MaieuticError, RunFailed, UsageError
from ..core.report import Report
from ..core.task import Task
from ..plugins.system.consent import record_consent
from ..plugins.system.registry import Registry
from ..plugins.system.task_access import access_of_task
from ..runtime.models.transports.caller import AnswerCall
from ..runtime.settings import settings
from ..runtime.store.redaction import Redactor
from ..runtime.telemetry.spans import span
from .checkpoints import check_checkpoint_url, open_checkpointer
from .directives.pause import POLL_SECONDS
from .graph import state_graph
from .nodes.steer import DIRECTIVE_ARRIVED
from .result import Result
from .run_config import RunConfig
from .run_context import Callback, Listener, RunContext
from .run_lifecycle import RunContexts, claim_run, failure_reason, mark_ended, new_run_id, root_error, run_record
from .run_options import RunOptions
from .state import RunState

# LangGraph stops a graph after 25 steps unless told otherwise; a run ends by its budget, never by a count of nodes.
_RECURSION_LIMIT = 1_000_000
_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


async def start_run(
    task: Task,
    options: RunOptions,
    *,
    listen: Listener | None = None,
    callbacks: Sequence[Callback] = (),
    registry: Registry | None = None,
    run: str | None = None,
    answer: AnswerCall | None = None,
) -> Result:
    """`aoptimize` with its task and options as one value each. answer: answers for the models `caller/NAME`."""
    check_checkpoint_url(settings().checkpoints)
    run_id = new_run_id() if run is None else check_run_id(run)
    config = RunConfig.resolve(task, options, registry)
    # Who starts a run may resume it: its task is read from the store then, where anybody could have put it.
    record_consent(access_of_task(task))
    async with RunContexts(config=config, listen=listen, callbacks=callbacks, answer=answer) as contexts:
        assert contexts.store is not None
        await contexts.store.create_run(run_record(config, run_id))
        return await _execute(contexts, run_id, {"run": run_id})


async def continue_run(
    run: str, config: RunConfig, *, listen: Listener | None, callbacks: Sequence[Callback]
) -> Result:
    """Carry on a recorded run in this process; of a finished one, its result."""
    async with RunContexts(config=config, listen=listen, callbacks=callbacks) as contexts:
        assert contexts.store is not None
        record = contexts.store.run(run)
        end = contexts.store.run_end(record.id)
        if record.state == "finished" or (end is not None and end.state == "finished"):
            return _build_result(contexts, record.id, record.best or "", "finished")
        await claim_run(contexts.store, record.id, budget_json=config.budget.model_dump_json())
        return await _execute(contexts, record.id, None)


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
    redactor = Redactor().joined_by(contexts.config.task.model_dump_json(include={"models", "evaluators"}))
    async with open_checkpointer(contexts.config.folder, settings().checkpoints, redactor) as saver:
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
