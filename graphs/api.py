"""Start, follow, resume: the graph as a library call."""

from __future__ import annotations

import asyncio
import os
import re
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, cast

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import Runnable
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph.state import CompiledStateGraph
from langgraph.types import Command

from ..core.budget import Budget
from ..core.errors import MaieuticError, RunFailed, UsageError
from ..core.events import Event
from ..core.program import Program
from ..core.prompt import Prompt
from ..core.recipe import PluginRef, Recipe
from ..core.report import Report
from ..core.task import Task
from ..plugins.apps.prompt_template import TemplateInput
from ..plugins.system.registry import Registry
from ..runtime.store import Store
from ..runtime.telemetry.spans import span
from .checkpoints import CHECKPOINTS_VARIABLE as CHECKPOINTS
from .checkpoints import check_checkpoint_url, open_checkpointer
from .directives.pause import POLL_SECONDS
from .graph import state_graph
from .inputs.fork import ForkOrigin
from .langchain_result import chat_prompt_template, program_runnable
from .nodes.approval import DIRECTIVE_ARRIVED
from .run_config import RunConfig
from .run_context import Listener
from .run_lifecycle import RunContexts, claim_run, failure_reason, mark_ended, new_run_id, root_error, run_record
from .state import RunState

_RECURSION_LIMIT = 1_000_000
_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True, kw_only=True)
class Result:
    """What came of a run. `stopped`: a person ended it without a report; then `report` is None, and it can be taken up
    again."""

    run: str
    state: Literal["finished", "stopped"]
    program: Program
    candidate: str
    report: Report | None
    config: RunConfig | None = field(default=None, repr=False, compare=False)

    @property
    def prompt(self) -> Prompt:
        """The winning prompt of a plain program."""
        return self.program.main

    def prompt_template(self, name: str | None = None) -> ChatPromptTemplate:
        """The winning prompt as LangChain's template, one of several by its name. Raises UsageError for what a template
        cannot say."""
        return chat_prompt_template(self.program, name)

    def runnable(self, model: BaseChatModel) -> Runnable[TemplateInput, BaseMessage]:
        """The winning program in front of a LangChain chat model, from a row to the message that answers it: invoke,
        batch and stream, async too; routers, votes and pipelines included."""
        if self.config is None:
            raise UsageError("this result knows no task", remedy="take the one that optimize or resume gave")
        return program_runnable(self.program, self.config.task, self.config.target, model)


async def aoptimize(
    task: Task,
    *,
    recipe: str | Recipe = "auto",
    budget: Budget | None = None,
    seed: int = 0,
    concurrency: int = 4,
    folder: Path | str = ".maieutic",
    settings: Mapping[str, str] | None = None,
    listen: Listener | None = None,
    registry: Registry | None = None,
    run: str | None = None,
    approve: bool = False,
    origin: ForkOrigin | None = None,
    executor: PluginRef | str = "local",
    observers: Sequence[PluginRef | str] = (),
) -> Result:
    """Optimize a task's program and prove the gain on its sealed test split.

    budget: 400 calls unless given. folder: where the store lives; runs in one folder share the cache. listen: called
    with every event, in order. approve: before each round that costs, wait for the directive `approve`. origin: a
    candidate of another run in this folder to begin with. run: the new run's id, one that `check_name` allows.
    executor: where measurements are run, by name (`ray`) or with its options. observers: who else hears it, by name
    (`mlflow`) or with options; none can change or break it.
    Raises UsageError or TaskError before anything is spent, ModelError for an unusable endpoint (what was answered is
    kept, `aresume` goes on), RunFailed for what else fails.
    """
    check_checkpoint_url(os.environ.get(CHECKPOINTS, ""))
    name = new_run_id() if run is None else check_run_id(run)
    setup = RunConfig.resolve(
        task,
        recipe=recipe,
        budget=budget,
        seed=seed,
        concurrency=concurrency,
        folder=folder,
        settings=settings,
        registry=registry,
        approve=approve,
        origin=origin,
        executor=executor,
        observers=observers,
    )
    async with RunContexts(config=setup, listen=listen) as desk:
        assert desk.store is not None
        await desk.store.create_run(run_record(setup, name))
        return await _execute(desk, name, {"run": name})


def check_run_id(run: str) -> str:
    """The id that a person gives a new run. Raises UsageError for one that no command could name afterwards."""
    if run == "latest" or not _RUN_ID.fullmatch(run):
        raise UsageError(
            f"no run can be called {run!r}" + (": that word means the last one" if run == "latest" else ""),
            where="the new run's id",
            possible=("letters, digits, '.', '_' and '-', a letter or digit first",),
            remedy="choose another id, or give none and get one",
        )
    return run


def optimize(task: Task, **options: Any) -> Result:
    """`aoptimize` for callers without an event loop; same arguments."""
    return asyncio.run(aoptimize(task, **options))


async def aresume(
    run: str = "latest",
    *,
    folder: Path | str = ".maieutic",
    concurrency: int | None = None,
    budget: Budget | None = None,
    listen: Listener | None = None,
    registry: Registry | None = None,
) -> Result:
    """Go on where a run was interrupted: with a deterministic model it ends as if it had not been.

    budget: a new one, in place of the run's. A finished run is returned as it ended. Raises UsageError for an
    unknown run.
    """
    with Store.open(Path(folder), read_only=True) as store:
        record = store.run(run)
    task = Task.model_validate_json(record.task_json)
    setup = RunConfig.resolve(
        task,
        recipe=Recipe.model_validate_json(record.recipe_json),
        budget=budget or Budget.model_validate_json(record.budget_json),
        seed=record.seed,
        concurrency=concurrency or int(record.options.get("concurrency", 4)),
        folder=folder,
        registry=registry,
        approve=bool(record.options.get("approve")),
        origin=ForkOrigin.model_validate(began) if (began := record.options.get("origin")) else None,
        executor=PluginRef.model_validate(record.options.get("executor", {"use": "local"})),
        observers=[PluginRef.model_validate(one) for one in record.options.get("observers", ())],
    )
    async with RunContexts(config=setup, listen=listen) as desk:
        assert desk.store is not None
        if record.state == "finished":
            return _build_result(desk, record.id, record.best or "", "finished")
        limits = setup.budget.model_dump_json()
        await claim_run(desk.store, record.id, budget_json=limits)
        return await _execute(desk, record.id, None)


def resume(run: str = "latest", **options: Any) -> Result:
    """`aresume` for callers without an event loop; same arguments."""
    return asyncio.run(aresume(run, **options))


async def astream(task: Task, **options: Any) -> AsyncIterator[Event]:
    """The events of a run as they happen; same arguments as `aoptimize` but `listen`. Leaving early stops the run."""
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
    **options: Any,
) -> CompiledStateGraph[RunState, Any, RunState, RunState]:
    """The compiled state machine, to run or to embed as a subgraph (then leave the checkpointer out).

    options: `budget, seed, concurrency, folder, settings, registry, approve` as in `aoptimize`; where it waits for an
    approval it interrupts, and `Command(resume=True)` goes on. Invoke it with `{}`; the final
    state names the run and its best candidate, and the store in `folder` holds the rest. Give a high
    `recursion_limit` in the config: a run takes some ten steps a round.
    """
    setup = RunConfig.resolve(task, recipe=recipe, **options)
    return state_graph(RunContexts(config=setup, listen=listen)).compile(checkpointer=checkpointer, name="maieutic")


async def _execute(desk: RunContexts, run: str, begin: RunState | None) -> Result:
    """From the beginning, or on from the last checkpoint. However it ends, the run's record says so."""
    try:
        agent: dict[str, Any] = {
            "gen_ai.operation.name": "invoke_agent",
            "gen_ai.agent.name": "maieutic",
            "gen_ai.conversation.id": run,
        }
        with span("invoke_agent maieutic", **agent):
            final = await _run_graph(desk, run, begin)
    except asyncio.CancelledError:
        await mark_ended(await desk.context_for({"run": run}), "stopped", "interrupted")
        raise
    except Exception as error:
        raise await _record_failure(desk, run, error) from error
    return _build_result(desk, run, final["best"], "finished" if final.get("report", True) else "stopped")


async def _run_graph(desk: RunContexts, run: str, begin: RunState | None) -> RunState:
    config = {"configurable": {"thread_id": run}, "recursion_limit": _RECURSION_LIMIT}
    async with open_checkpointer(desk.config.folder, os.environ.get(CHECKPOINTS, "")) as saver:
        graph = state_graph(desk).compile(checkpointer=saver)
        if begin is None:
            known = await graph.aget_state(config)  # type: ignore[arg-type]
            begin = None if known.values else {"run": run}
            # The record knows the budget that holds now: a person may have given a new one since the checkpoint.
            session = await desk.context_for({**known.values, "run": run, "budget": None})
            if known.values and not known.next:  # stopped without a report: the search goes on where it was left
                await graph.aupdate_state(config, {"ending": "", "report": True}, as_node="steer")  # type: ignore[arg-type]
            await session.emit("run_resumed", known.values.get("step", 0), f"{datetime.now(UTC).timestamp()}")
            session.resume_count += 1  # a pause that still holds is told anew
        final = await graph.ainvoke(begin, config, durability="sync")  # type: ignore[call-overload]
        while asked := final.get("__interrupt__"):
            await _wait_for_directive(desk, run, asked[0].value)
            final = await graph.ainvoke(Command(resume=DIRECTIVE_ARRIVED), config, durability="sync")  # type: ignore[call-overload]
        return cast("RunState", final)


async def _wait_for_directive(desk: RunContexts, run: str, asked: Mapping[str, Any]) -> None:
    """Wait until a person says anything; how long that takes is no time of the run."""
    session, began = await desk.context_for({"run": run}), time.monotonic()
    while not session.store.directives(run, after=asked["directive"]):  # noqa: ASYNC110 - it may come from any process
        await asyncio.sleep(POLL_SECONDS)
    session.started_at += time.monotonic() - began


async def _record_failure(desk: RunContexts, run: str, error: BaseException) -> BaseException:
    """What a person should see; the log and the record know it."""
    cause = root_error(error)
    await mark_ended(await desk.context_for({"run": run}), "failed", failure_reason(error))
    if isinstance(cause, MaieuticError):
        return cause
    return RunFailed(f"the run failed: {cause!r}", where=f"run {run}", remedy=f"maieutic resume {run}")


def _build_result(desk: RunContexts, run: str, best: str, state: Literal["finished", "stopped"]) -> Result:
    assert desk.store is not None
    program = next(one.program for one in desk.store.candidates(run) if one.id == best)
    written = desk.store.report(run)
    return Result(
        run=run,
        state=state,
        program=program,
        candidate=best,
        report=Report.model_validate_json(written) if written else None,
        config=desk.config,
    )
