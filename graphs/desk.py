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
from ..runtime.births import birth_of
from ..runtime.gateway import ModelDoor
from ..runtime.store import RunRecord, Store
from .session import Listener, Session
from .setup import Setup


@dataclass(kw_only=True)
class Desk:
    """Sessions by run. An embedded graph opens it with its first node; `optimize` holds it as a context manager."""

    setup: Setup
    listen: Listener | None = None
    store: Store | None = None
    door: ModelDoor | None = None
    _sessions: dict[str, Session] = field(default_factory=dict)
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)
    _held: bool = False

    async def __aenter__(self) -> Self:
        self._held = True
        await self._open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def leave(self, run: str) -> None:
        """A run is over: the graph that opened the doors for it closes them behind the last one."""
        if not self._held and (session := self._sessions.pop(run, None)) is not None:
            await session.aclose()
            if not self._sessions:
                await self.aclose()

    @asynccontextmanager
    async def at_work(self, state: Mapping[str, Any]) -> AsyncIterator[Session]:
        """The session for one node. Where nobody holds the desk, a node that fails or waits for a person is the last
        that can close it: the run's record and log say how it ended, and a graph that goes on opens it anew."""
        session = await self.session(state)
        try:
            yield session
        except GraphBubbleUp:
            await self.leave(session.run)
            raise
        except asyncio.CancelledError:
            await self._abandon(session, "stopped", "interrupted")
            raise
        except Exception as error:
            await self._abandon(session, "failed", reason_of(error))
            raise

    async def _abandon(self, session: Session, state: Literal["stopped", "failed"], reason: str) -> None:
        """Once, by the first of several nodes that end together."""
        if self._held or self._sessions.get(session.run) is not session:
            return
        del self._sessions[session.run]
        await end(session, state, reason)
        await session.aclose()
        if not self._sessions:
            await self.aclose()

    async def aclose(self) -> None:
        for session in self._sessions.values():
            await session.aclose()
        self._sessions.clear()
        await self._stack.aclose()
        self.door = self.store = None

    async def session(self, state: Mapping[str, Any]) -> Session:
        """The session of the state's run. A graph that is embedded without a run gets a record of its own."""
        store, door = await self._open()
        run = state.get("run") or new_run_id()
        if run not in self._sessions:
            if not store.has_run(run):
                await store.create_run(record_of(self.setup, run))
            elif not self._held:
                await take_over(store, run)
            if state.get("budget"):
                self.setup.budget = Budget.model_validate(state["budget"])
            session = await Session.open(self.setup, run, store, door, self.listen)
            session.ledger.hold_back(self.setup.sealed_calls * state.get("sealed_rows", 0))
            session.restore(state)
            self._sessions[run] = session
        return self._sessions[run]

    async def _open(self) -> tuple[Store, ModelDoor]:
        if self.store is None or self.door is None:
            self.store = Store.open(self.setup.folder)
            self._stack.callback(self.store.close)
            self.door = await self._stack.enter_async_context(ModelDoor())
        return self.store, self.door


async def take_over(store: Store, run: str, **fields: Any) -> None:
    """This process carries the run from here on, and the record says so."""
    options = {**store.run(run).options, "born": birth_of(os.getpid())}
    await store.update_run(run, state="running", pid=os.getpid(), options=options, **fields)


async def end(session: Session, state: Literal["stopped", "failed"], reason: str) -> None:
    """The record and the log say that the run ended before its end."""
    await session.store.update_run(session.run, state=state)
    kind: Literal["run_stopped", "run_failed"] = "run_stopped" if state == "stopped" else "run_failed"
    await session.emit(kind, 0, f"{datetime.now(UTC).timestamp()}", reason=reason[:2000])


def first_of(error: BaseException) -> BaseException:
    """The one error that a person should see, out of a group of concurrent ones."""
    while isinstance(error, BaseExceptionGroup):
        known = [one for one in error.exceptions if isinstance(one, MaieuticError | BaseExceptionGroup)]
        error = (known or list(error.exceptions))[0]
    return error


def reason_of(error: BaseException) -> str:
    cause = first_of(error)
    return f"{cause.code if isinstance(cause, MaieuticError) else 'error'}: {cause}"


def new_run_id() -> str:
    """Sortable by time, unique without asking anybody: `20261121-104530-3f9a`."""
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{uuid.uuid4().hex[:4]}"


def record_of(setup: Setup, run: str) -> RunRecord:
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
            "born": birth_of(os.getpid()),
            "concurrency": setup.concurrency,
            "settings": dict(setup.settings),
            "approve": setup.approve,
            "executor": setup.placed.model_dump(),
            "observers": [one.model_dump() for one in setup.observed],
            "origin": setup.origin.model_dump() if setup.origin else None,
        },
    )
