"""The protocol of observers: who else receives the events of a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from .candidate import Candidate
from .events import Event
from .protocols import Need
from .report import Report


@dataclass(frozen=True, kw_only=True)
class RunClosed:
    """The state of a run when its process lets go of it.

    Attributes:
        run: The run's id.
        state: `running` and `paused` mean that it waits for a person.
        report: The report, if one was written.
        candidates: All candidates in the order in which they came, with their final status.
    """

    run: str
    state: Literal["running", "paused", "finished", "stopped", "failed"]
    report: Report | None = None
    candidates: tuple[Candidate, ...] = ()


class Observer(Protocol):
    """Receives the events of a run and can change nothing of it.

    An observer that raises or takes too long is reported by name and receives no more. Events are delivered on a queue
    of its own, so it may take its time. It may receive several runs at once, and a resumed run again from its first
    event: `event.run` and `event.number` identify an event. Some events and `RunClosed` hold texts of people and
    models; they may leave the machine only if the user asked for it.

    Attributes:
        name: The name that `--observer` takes.
        needs: What the run must have.
    """

    name: str
    needs: frozenset[Need]

    async def hear(self, event: Event) -> None:
        """Receive one event that is already stored. Events of one run arrive in order."""
        ...

    async def end(self, closing: RunClosed) -> None:
        """Receive the end: no more events come from this process."""
        ...
