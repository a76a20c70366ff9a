"""Who else hears a run: what an observer is told, and when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from .candidate import Candidate
from .events import Event
from .protocols import Need
from .report import Report


@dataclass(frozen=True, kw_only=True)
class RunClosed:
    """What became of a run when the process that carries it lets go. `running`, `paused`: it waits for a person.

    report: where one was written. candidates: all of them, in the order they came, with the status they ended in.
    """

    run: str
    state: Literal["running", "paused", "finished", "stopped", "failed"]
    report: Report | None = None
    candidates: tuple[Candidate, ...] = ()


class Observer(Protocol):
    """Hears a run and can change nothing of it: one that raises, or takes too long, is named and hears no more.

    It is told on the side, so it may take its time. It may hear several runs at once, and one again from its first
    event, when that is taken up: `event.run` and `event.number` tell which. What people and models said is in some
    events and in `RunClosed`; none of it may leave the machine unless the user asked for it.
    """

    name: str
    needs: frozenset[Need]

    async def hear(self, event: Event) -> None:
        """One fact that is written for good. In order, each run for itself."""
        ...

    async def end(self, closing: RunClosed) -> None:
        """No more comes from this process."""
        ...
