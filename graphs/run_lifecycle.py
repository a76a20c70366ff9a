"""Where a run's doors are opened once and closed once, however the graph is driven."""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Literal, Self

from langgraph.errors import GraphBubbleUp

from ..core.budget import Budget
from ..core.errors import MaieuticError
from ..runtime.models.gateway import ModelClient
from ..runtime.monitor.process import process_start_time
from ..runtime.store import RunRecord, Store
from .run_config import RunConfig
from .run_context import Listener, RunContext


@dataclass(kw_only=True)
class RunContexts:
    """Sessions by run. An embedded graph opens it with its first node; `optimize` holds it as a context manager."""

    config: RunConfig
    listen: Listener | None = None
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
        """A run is over: the graph that opened the doors for it closes them behind the last one."""
        if not self._owned and (session := self._contexts.pop(run, None)) is not None:
            await session.aclose()
            if not self._contexts:
                await self.aclose()

    @asynccontextmanager
    async def node_context(self, state: Mapping[str, Any]) -> AsyncIterator[RunContext]:
        """The session for one node. Where nobody holds the desk, a node that fails or waits for a person is the last
        that can close it: the run's record and log say how it ended, and a graph that goes on opens it anew."""
        session = await self.context_for(state)
        try:
            yield session
        except GraphBubbleUp:
            await self.release(session.run)
            raise
        except asyncio.CancelledError:
            await self._close_after_error(session, "stopped", "interrupted")
            raise
        except Exception as error:
            await self._close_after_error(session, "failed", failure_reason(error))
            raise

    async def _close_after_error(self, session: RunContext, state: Literal["stopped", "failed"], reason: str) -> None:
        """Once, by the first of several nodes that end together."""
        if self._owned or self._contexts.get(session.run) is not session:
            return
        del self._contexts[session.run]
        await mark_ended(session, state, reason)
        await session.aclose()
        if not self._contexts:
            await self.aclose()

    async def aclose(self) -> None:
        for session in self._contexts.values():
            await session.aclose()
        self._contexts.clear()
        await self._stack.aclose()
        self.model_client = self.store = None

    async def context_for(self, state: Mapping[str, Any]) -> RunContext:
        """The session of the state's run. A graph that is embedded without a run gets a record of its own."""
        store, door = await self._open()
        run = state.get("run") or new_run_id()
        if run not in self._contexts:
            if not store.has_run(run):
                await store.create_run(run_record(self.config, run))
            elif not self._owned:
                await claim_run(store, run)
            if state.get("budget"):
                self.config.budget = Budget.model_validate(state["budget"])
            session = await RunContext.open(self.config, run, store, door, self.listen)
            session.ledger.reserve_for_test(self.config.calls_per_test_example * state.get("sealed_rows", 0))
            session.restore_config(state)
            self._contexts[run] = session
        return self._contexts[run]

    async def _open(self) -> tuple[Store, ModelClient]:
        if self.store is None or self.model_client is None:
            self.store = Store.open(self.config.folder)
            self._stack.callback(self.store.close)
            self.model_client = await self._stack.enter_async_context(ModelClient())
        return self.store, self.model_client


async def claim_run(store: Store, run: str, **fields: Any) -> None:
    """This process carries the run from here on, and the record says so."""
    options = {**store.run(run).options, "born": process_start_time(os.getpid())}
    await store.update_run(run, state="running", pid=os.getpid(), options=options, **fields)


async def mark_ended(session: RunContext, state: Literal["stopped", "failed"], reason: str) -> None:
    """The record and the log say that the run ended before its end."""
    await session.store.update_run(session.run, state=state)
    kind: Literal["run_stopped", "run_failed"] = "run_stopped" if state == "stopped" else "run_failed"
    await session.emit(kind, 0, f"{datetime.now(UTC).timestamp()}", reason=reason[:2000])


def root_error(error: BaseException) -> BaseException:
    """The one error that a person should see, out of a group of concurrent ones."""
    while isinstance(error, BaseExceptionGroup):
        known = [one for one in error.exceptions if isinstance(one, MaieuticError | BaseExceptionGroup)]
        error = (known or list(error.exceptions))[0]
    return error


def failure_reason(error: BaseException) -> str:
    cause = root_error(error)
    return f"{cause.code if isinstance(cause, MaieuticError) else 'error'}: {cause}"


def new_run_id() -> str:
    """Sortable by time, unique without asking anybody: `20261121-104530-3f9a`."""
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{uuid.uuid4().hex[:4]}"


def run_record(setup: RunConfig, run: str) -> RunRecord:
    task = setup.task
    return RunRecord(
        id=run,
        task=task.name,
        task_json=task.model_dump_json(by_alias=True),
        recipe=setup.recipe.name,
        recipe_json=setup.recipe.model_dump_json(),
        seed=setup.seed,
        state="running",
        started=datetime.now(UTC).isoformat(timespec="seconds"),
        budget_json=setup.budget.model_dump_json(),
        source=task.source,
        pid=os.getpid(),
        options={
            "born": process_start_time(os.getpid()),
            "concurrency": setup.concurrency,
            "settings": dict(setup.settings),
            "approve": setup.approve,
            "executor": setup.executor_ref.model_dump(),
            "observers": [one.model_dump() for one in setup.observer_refs],
            "origin": setup.origin.model_dump() if setup.origin else None,
        },
    )
