"""Where screens get their facts: a live run read by cursors; a finished one is played by `replay`."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Protocol

from ...core.budget import Cost
from ..store import RunRecord, Store
from .event_fields import parse_time
from .leaderboard import Leaderboard
from .process import is_run_alive
from .run_timeline import RunTimeline
from .run_view import Spending

EVENTS_PER_READ = 2000
_STATE_EVENTS = (
    "run_started", "run_resumed", "run_paused", "run_stopped", "run_finished", "run_failed",
    "directive_applied", "directive_refused",
)  # fmt: skip
_STORE_POLL_SECONDS = 1.0


@dataclass(frozen=True, kw_only=True)
class ReplayState:
    """Where a replay stands: the event shown, how many there are, the speed, and whether it moves."""

    at: int
    of: int
    speed: float
    moving: bool


@dataclass(frozen=True, kw_only=True)
class RunSnapshot:
    """All that a screen is drawn from. spent: by the account, which knows more than the log between batches.

    alive: whether a process carries the run. seconds: of the run, with the time since the newest event.
    behind: there was more in the log than was read at once. pending: kinds of the directives that the run has not
    heard yet. stamp: changes whenever anything but the clock did.
    """

    record: RunRecord
    alive: bool = False
    story: RunTimeline = field(default_factory=RunTimeline)
    standings: Leaderboard = field(default_factory=Leaderboard)
    spent: Spending = field(default_factory=Spending)
    seconds: float = 0.0
    behind: bool = False
    pending: tuple[str, ...] = ()
    playing: ReplayState | None = None

    @property
    def stamp(self) -> tuple[object, ...]:
        return (
            self.record.state,
            self.alive,
            self.story.view.number,
            self.standings.cursor,
            self.spent,
            self.pending,
            self.playing,
        )

    @property
    def state(self) -> str:
        """One word: running, paused, stopped, finished, failed, or dead where its process is gone.

        Before a resumed run writes its first event the record knows better than the log.
        """
        if self.playing is not None:
            return "replay"
        if self.record.state in ("running", "paused"):
            return self.record.state if self.alive else "dead"
        return self.record.state

    @property
    def best(self) -> str:
        """The leading candidate's id; empty before anything was measured."""
        view = self.story.view
        return view.best.candidate if view.best else ""


class SnapshotSource(Protocol):
    """`read` gives the newest scene; called from one thread at a time. `scene` is the last one, without reading."""

    @property
    def scene(self) -> RunSnapshot: ...

    def read(self) -> RunSnapshot: ...


class LiveSource:
    """At most CHUNK events a reading, so that a run of any length opens at once and is caught up with."""

    def __init__(
        self,
        store: Store,
        run: str,
        *,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store, self._clock, self._now = store, clock, now
        record = store.run(run)
        self._scene = RunSnapshot(record=record, alive=is_run_alive(record))
        self._looked = float("-inf")

    @property
    def scene(self) -> RunSnapshot:
        return self._scene

    def read(self) -> RunSnapshot:
        before, store = self._scene, self._store
        run = before.record.id
        events = store.events(run, after=before.story.view.number, limit=EVENTS_PER_READ)
        story = before.story.extend(events) if events else before.story
        standings = before.standings.extend(store.tallies(run, after=before.standings.cursor))
        record, alive, spent, pending = before.record, before.alive, before.spent, before.pending
        if self._clock() - self._looked >= _STORE_POLL_SECONDS or any(event.kind in _STATE_EVENTS for event in events):
            self._looked = self._clock()
            record = store.run(run)
            alive, spent = is_run_alive(record), _recorded_spend(store, run)
            heard = max((one.number for one in story.directives), default=0)
            pending = tuple(one.kind for _, one in store.directives(run, after=heard))
        newest = parse_time(story.view.at)
        moves = alive and record.state == "running" and newest is not None and not story.view.waiting_for_person
        since = max(0.0, (self._now() - newest).total_seconds()) if moves and newest else 0.0
        self._scene = replace(
            before,
            record=record,
            alive=alive,
            story=story,
            standings=standings,
            spent=max(spent, story.view.spent, key=lambda one: one.calls),
            seconds=story.view.seconds + since,
            behind=len(events) == EVENTS_PER_READ,
            pending=pending,
        )
        return self._scene


def _recorded_spend(store: Store, run: str) -> Spending:
    used = store.ledger_sums(run).used
    target, optimizer = used.get("target", Cost()), used.get("optimizer", Cost())
    return Spending(
        target_calls=target.calls,
        optimizer_calls=optimizer.calls,
        tokens=target.tokens + optimizer.tokens,
        usd=target.usd + optimizer.usd,
    )
