"""Delivery of a run's events: to LangGraph's streams, and to observers, each on its own queue."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field

from langchain_core.callbacks import BaseCallbackManager
from langchain_core.messages import AIMessage
from langgraph.config import get_config, get_stream_writer
from langgraph.graph.message import push_message

from ..core.errors import MaieuticError
from ..core.events import Event
from ..core.observer import Observer, RunClosed
from ..core.report import Report
from ..runtime.store import Store, redact

# Seconds that the end of a run waits for observers that are behind; an upload over a slow line takes a few.
CLOSE_TIMEOUT = 30.0
_URL_CREDENTIALS = re.compile(r"//[^/@\s]+@")
_log = logging.getLogger("maieutic")


def publish(event: Event) -> None:
    """Log an event without its text, and write it to the streams of the graph that is running.

    The stream `custom` carries every event, `messages` what the agents say.
    """
    _log.info("%s run=%s seq=%d step=%d", event.kind, event.run, event.number, event.step)
    try:
        config, write = get_config(), get_stream_writer()
    except (RuntimeError, KeyError):
        return  # outside of a node, as when a run is resumed or has failed
    write(event.as_json_line())
    if event.kind == "agent_spoke" and isinstance(config.get("callbacks"), BaseCallbackManager):
        text, role = str(event.data.get("text", "")), event.data.get("role")
        push_message(AIMessage(text, id=f"{event.run}:{event.number}", name=role), state_key=None)


@dataclass(kw_only=True)
class ObserverDispatcher:
    """Delivers run events to observers, each on its own queue: none can delay the run, break it, or affect another.

    Created inside the run's event loop; earlier events of a resumed run are delivered first.
    """

    observers: Sequence[Observer]
    close_timeout: float = CLOSE_TIMEOUT
    _queues: list[asyncio.Queue[Event | RunClosed]] = field(default_factory=list)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def deliver(self, event: Event) -> None:
        """Queue a copy of the event for each observer, without waiting."""
        if not self._tasks:
            self._queues = [asyncio.Queue() for _ in self.observers]
            pairs = zip(self.observers, self._queues, strict=True)
            self._tasks = [asyncio.create_task(_consume(observer, queue)) for observer, queue in pairs]
        for queue in self._queues:
            queue.put_nowait(deepcopy(event))

    async def aclose(self, store: Store, run: str) -> None:
        """Send the run's end to the observers, and wait up to `close_timeout` seconds until they have handled all."""
        if not self._tasks:
            return
        report_json = store.report(run)
        closed = RunClosed(
            run=run,
            state=store.run(run).state,
            report=Report.model_validate_json(report_json) if report_json else None,
            candidates=tuple(store.candidates(run)),
        )
        for queue in self._queues:
            queue.put_nowait(deepcopy(closed))
        _, late = await asyncio.wait(self._tasks, timeout=self.close_timeout)
        for observer, task in zip(self.observers, self._tasks, strict=True):
            if task in late:
                task.cancel()
                _log.warning(
                    "the observer %r had not handled all events after %g seconds", observer.name, self.close_timeout
                )
        await asyncio.gather(*late, return_exceptions=True)
        self._tasks = []


async def _consume(observer: Observer, queue: asyncio.Queue[Event | RunClosed]) -> None:
    while True:
        message = await queue.get()
        try:
            if isinstance(message, RunClosed):
                await observer.end(message)
                return
            await observer.hear(message)
        except Exception as error:  # noqa: BLE001 - an observer can neither change nor break a run (L7)
            _log.warning("the run goes on without the observer %r: %s", observer.name, _one_line(error))
            return


def _one_line(error: Exception) -> str:
    """The error without the keys and logins that libraries quote in their messages."""
    text = f"{error.what} ({error.where})" if isinstance(error, MaieuticError) else repr(error)
    return _URL_CREDENTIALS.sub("//…@", redact(" ".join(text.split())))
