"""Observers: they receive every event of a run, and its end."""

from __future__ import annotations

from typing import Any, ClassVar, get_args

from ...core.candidate import Candidate
from ...core.events import Event, EventKind
from ...core.observer import RunClosed
from ...core.program import Program
from ...plugins.system.hookspecs import Kind
from .base import Conformance, run_with_timeout


class ObserverConformance(Conformance):
    """It is told of runs that never were; give it a place where that does no harm."""

    kind: ClassVar[Kind] = "observer"

    def _log(self, run: str) -> list[Event]:
        """One event of every kind, the way a sparing node tells it."""
        kinds: list[EventKind] = list(get_args(EventKind))
        when = "2026-01-01T00:00:00+00:00"
        return [
            Event(run=run, kind=kind, key=f"0:{kind}", number=at, at=when, data={"ledger": {"target_calls": at}})
            for at, kind in enumerate(kinds, 1)
        ]

    def _closing(self, run: str, state: Any) -> RunClosed:
        program = Program.of("Say the colour.")
        return RunClosed(run=run, state=state, candidates=(Candidate(id="c-1", program=program, operator="start"),))

    def test_it_hears_every_kind_of_event_and_the_end(self) -> None:
        async def observe() -> None:
            observer = self.make()
            for event in self._log("kit-1"):
                await observer.hear(event)
            await observer.end(self._closing("kit-1", "finished"))

        run_with_timeout(observe())

    def test_a_run_that_is_taken_up_is_heard_from_its_first_event_by_the_same_and_by_another(self) -> None:
        async def observe() -> None:
            first = self.make()
            for observer, count, state in ((first, 3, "running"), (first, 5, "stopped"), (self.make(), 9, "failed")):
                for event in self._log("kit-2")[:count]:
                    await observer.hear(event)
                await observer.end(self._closing("kit-2", state))

        run_with_timeout(observe())

    def test_it_changes_no_event_and_does_not_end_the_process(self) -> None:
        async def observe() -> None:
            observer, events = self.make_guarded(), self._log("kit-5")
            for event in events:
                await observer.hear(event)
            await observer.end(self._closing("kit-5", "finished"))
            assert events == self._log("kit-5")

        run_with_timeout(observe())

    def test_two_runs_at_once_are_two(self) -> None:
        async def observe() -> None:
            observer = self.make()
            for pair in zip(self._log("kit-3"), self._log("kit-4"), strict=True):
                for event in pair:
                    await observer.hear(event)
            for run in ("kit-3", "kit-4"):
                await observer.end(self._closing(run, "finished"))

        run_with_timeout(observe())
