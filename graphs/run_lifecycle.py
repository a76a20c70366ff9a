"""The lifecycle of runs in this process: contexts are opened once and closed once, however the graph is driven."""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Literal, Self

from langgraph.errors import GraphBubbleUp

from ..core.budget import Budget
from ..core.errors import MaieuticError
from ..runtime.models.gateway import ModelClient
from ..runtime.models.transports.caller import AnswerCall
from ..runtime.monitor.process import process_start_time
from ..runtime.store import RunRecord, Store
from .run_config import RunConfig
from .run_context import Callback, Listener, RunContext

# A reason in the log: enough for any message, and bounded for one that quotes a whole reply.
_REASON_CHARACTERS = 2000


@dataclass(kw_only=True)
class RunContexts:
    """Opens and caches one `RunContext` per run id.

    An embedded graph opens a context lazily in its first node and closes it after its last; `optimize` owns the
    lifetime through `async with`.
    """

    config: RunConfig
    listen: Listener | None = None
    callbacks: Sequence[Callback] = ()
    answer: AnswerCall | None = None
    store: Store | None = None
    model_client: ModelClient | None = None
    _contexts: dict[str, RunContext] = field(default_factory=dict)
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)
    _owned: bool = False

    async def __aenter__(self) -> Self:
        self._owned = True
        await self._open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def release(self, run: str) -> None:
        """Close the context of a run that is over, unless an owner does."""
        if not self._owned and (context := self._contexts.pop(run, None)) is not None:
            await context.aclose()
            if not self._contexts:
                await self.aclose()

    @asynccontextmanager
    async def node_context(self, state: Mapping[str, Any]) -> AsyncIterator[RunContext]:
        """The context for one node.

        Without an owner, a node that fails or waits for a person is the last that can close it: the run's record and
        log say how it ended, and a graph that continues opens it again.
        """
        context = await self.context_for(state)
        try:
            yield context
        except GraphBubbleUp:
            await self.release(context.run)
            raise
        except asyncio.CancelledError:
            await self._close_after_error(context, "stopped", "interrupted")
            raise
        except Exception as error:
            await self._close_after_error(context, "failed", failure_reason(error))
            raise

    async def _close_after_error(self, context: RunContext, state: Literal["stopped", "failed"], reason: str) -> None:
        """Of several nodes that end together, the first does it."""
        if self._owned or self._contexts.get(context.run) is not context:
            return
        del self._contexts[context.run]
        await mark_ended(context, state, reason)
        await context.aclose()
        if not self._contexts:
            await self.aclose()

    async def aclose(self) -> None:
        for context in self._contexts.values():
            await context.aclose()
        self._contexts.clear()
        await self._stack.aclose()
        self.model_client = self.store = None

    async def context_for(self, state: Mapping[str, Any]) -> RunContext:
        """The context of the state's run. A graph embedded without a run id gets a record of its own."""
        store, model_client = await self._open()
        run = state.get("run") or new_run_id()
        if run not in self._contexts:
            if not store.has_run(run):
                await store.create_run(run_record(self.config, run))
            elif not self._owned:
                await claim_run(store, run)
            if state.get("budget"):
                self.config.budget = Budget.model_validate(state["budget"])
            context = await RunContext.open(self.config, run, store, model_client, self.listen, self.callbacks)
            calls = self.config.calls_per_test_example * state.get("sealed_rows", 0)
            context.ledger.reserve_for_test(calls, headroom=self.config.test_headroom)
            context.restore_config(state)
            self._contexts[run] = context
        return self._contexts[run]

    async def _open(self) -> tuple[Store, ModelClient]:
        if self.store is None or self.model_client is None:
            self.store = Store.open(self.config.folder)
            self._stack.callback(self.store.close)
            self.model_client = await self._stack.enter_async_context(ModelClient(answer=self.answer))
        return self.store, self.model_client


async def claim_run(store: Store, run: str, **fields: Any) -> None:
    """Record that this process carries the run from here on."""
    options = {**store.run(run).options, "born": process_start_time(os.getpid())}
    await store.claim_run(run, os.getpid(), options, **fields)


async def mark_ended(context: RunContext, state: Literal["stopped", "failed"], reason: str) -> None:
    """Record and log that this process gives the run up, once the calls in flight are stored: another process that
    goes on would pay them again."""
    await context.gateway.settle()
    kind: Literal["run_stopped", "run_failed"] = "run_stopped" if state == "stopped" else "run_failed"
    event = context.event(kind, 0, f"{datetime.now(UTC).timestamp()}", reason=reason[:_REASON_CHARACTERS])
    context.deliver(await context.store.interrupt_run(context.run, state, event))


def root_error(error: BaseException) -> BaseException:
    """The one error a person should see, out of a group of concurrent ones."""
    while isinstance(error, BaseExceptionGroup):
        explained = [inner for inner in error.exceptions if isinstance(inner, MaieuticError | BaseExceptionGroup)]
        error = (explained or list(error.exceptions))[0]
    return error


def failure_reason(error: BaseException) -> str:
    cause = root_error(error)
    return f"{cause.code if isinstance(cause, MaieuticError) else 'error'}: {cause}"


def new_run_id() -> str:
    """Sortable by time, unique without coordination: `20261121-104530-3f9a`."""
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{uuid.uuid4().hex[:4]}"


def run_record(config: RunConfig, run: str) -> RunRecord:
    """The record of a new run in this process."""
    task = config.task
    return RunRecord(
        id=run,
        task=task.name,
        task_json=task.model_dump_json(by_alias=True),
        recipe=config.recipe.name,
        recipe_json=config.recipe.model_dump_json(),
        seed=config.seed,
        state="running",
        started=datetime.now(UTC).isoformat(timespec="seconds"),
        budget_json=config.budget.model_dump_json(),
        source=task.source,
        pid=os.getpid(),
        options={"born": process_start_time(os.getpid()), **config.options.to_record()},
    )
