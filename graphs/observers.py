"""A run's observers, each told on the side: none can hold up the run, break it, or be in the way of another."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field

from ..core.errors import MaieuticError
from ..core.events import Event
from ..core.observer import Observer, RunClosed
from ..core.report import Report
from ..runtime.store import Store, redact

CLOSE_TIMEOUT = 30.0
"""Seconds that the end of a run waits for who has not heard everything yet."""
_URL_CREDENTIALS = re.compile(r"//[^/@\s]+@")
_log = logging.getLogger("maieutic")


@dataclass(kw_only=True)
class ObserverDispatcher:
    """Made in the loop of the run, with what was said before it."""

    observers: Sequence[Observer]
    close_timeout: float = CLOSE_TIMEOUT
    _queues: list[asyncio.Queue[Event | RunClosed]] = field(default_factory=list)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def deliver(self, event: Event) -> None:
        """Pass it on without waiting, to each its own copy: what one does to it no other sees."""
        if not self._tasks:
            self._queues = [asyncio.Queue() for _ in self.observers]
            pairs = zip(self.observers, self._queues, strict=True)
            self._tasks = [asyncio.create_task(_consume(one, queue)) for one, queue in pairs]
        for queue in self._queues:
            queue.put_nowait(deepcopy(event))

    async def aclose(self, store: Store, run: str) -> None:
        """Tell how the run stands, and wait until all have heard it, or for as long as `patience`."""
        if not self._tasks:
            return
        written = store.report(run)
        closing = RunClosed(
            run=run,
            state=store.run(run).state,
            report=Report.model_validate_json(written) if written else None,
            candidates=tuple(store.candidates(run)),
        )
        for queue in self._queues:
            queue.put_nowait(deepcopy(closing))
        _, late = await asyncio.wait(self._tasks, timeout=self.close_timeout)
        for observer, task in zip(self.observers, self._tasks, strict=True):
            if task in late:
                task.cancel()
                _log.warning("the observer %r had not heard all after %g seconds", observer.name, self.close_timeout)
        await asyncio.gather(*late, return_exceptions=True)
        self._tasks = []


async def _consume(observer: Observer, queue: asyncio.Queue[Event | RunClosed]) -> None:
    while True:
        told = await queue.get()
        try:
            if isinstance(told, RunClosed):
                await observer.end(told)
                return
            await observer.hear(told)
        except Exception as error:  # noqa: BLE001 - an observer can neither change nor break a run (L7)
            _log.warning("the run goes on without the observer %r: %s", observer.name, _one_line(error))
            return


def _one_line(error: Exception) -> str:
    """In one line, without the keys and logins that messages of libraries may quote."""
    said = f"{error.what} ({error.where})" if isinstance(error, MaieuticError) else repr(error)
    return _URL_CREDENTIALS.sub("//…@", redact(" ".join(said.split())))
