"""Where screens get their facts: a live run read by cursors, or a finished one played back."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from ..core.budget import Cost
from ..runtime.process import is_alive
from ..runtime.standing import Standings
from ..runtime.store import RunRecord, Store
from ..runtime.story import Story
from ..runtime.view import Spent

CHUNK = 2000
_LOOK_SECONDS = 1.0


@dataclass(frozen=True, kw_only=True)
class Playing:
    """Where a replay stands: the event shown, how many there are, the speed, and whether it moves."""

    at: int
    of: int
    speed: float
    moving: bool


@dataclass(frozen=True, kw_only=True)
class Scene:
    """All that a screen is drawn from. spent: by the account, which knows more than the log between batches.

    alive: whether a process carries the run. seconds: of the run, with the time since the newest event.
    behind: there was more in the log than was read at once. stamp: changes whenever anything but the clock did.
    """

    record: RunRecord
    alive: bool = False
    story: Story = field(default_factory=Story)
    standings: Standings = field(default_factory=Standings)
    spent: Spent = field(default_factory=Spent)
    seconds: float = 0.0
    behind: bool = False
    playing: Playing | None = None

    @property
    def stamp(self) -> tuple[object, ...]:
        return (self.record.state, self.alive, self.story.view.number, self.standings.cursor, self.spent, self.playing)

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


class Feed(Protocol):
    """`read` gives the newest scene; called from one thread at a time. `scene` is the last one, without reading."""

    @property
    def scene(self) -> Scene: ...

    def read(self) -> Scene: ...


class LiveFeed:
    """At most CHUNK events a reading, so that a run of any length opens at once and is caught up with."""

    def __init__(self, store: Store, run: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._store, self._clock = store, clock
        record = store.run(run)
        self._scene = Scene(record=record, alive=is_alive(record))
        self._looked = float("-inf")
        self._heard = clock()

    @property
    def scene(self) -> Scene:
        return self._scene

    def read(self) -> Scene:
        before, store = self._scene, self._store
        run = before.record.id
        events = store.events(run, after=before.story.view.number, limit=CHUNK)
        story = before.story.extend(events) if events else before.story
        standings = before.standings.extend(store.tallies(run, after=before.standings.cursor))
        now = self._clock()
        if events:
            self._heard = now
        record, alive, spent = before.record, before.alive, before.spent
        if now - self._looked >= _LOOK_SECONDS or any(event.kind.startswith("run_") for event in events):
            self._looked = now
            record = store.run(run)
            alive, spent = is_alive(record), _spent(store, run)
        since = now - self._heard if alive and record.state == "running" else 0.0
        self._scene = replace(
            before,
            record=record,
            alive=alive,
            story=story,
            standings=standings,
            spent=max(spent, story.view.spent, key=lambda one: one.calls),
            seconds=story.view.seconds + since,
            behind=len(events) == CHUNK,
        )
        return self._scene


class ReplayFeed:
    """A run's log played again. Gaps longer than `_LONGEST` seconds are cut, so that nothing seems to hang."""

    _LONGEST = 5.0
    _EVERY = 500

    def __init__(
        self, store: Store, run: str, *, speed: float = 10.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._record = store.run(run)
        self._events = store.events(self._record.id)
        self._tallies = store.tallies(self._record.id)
        self._times = self._timeline()
        self._kept: dict[int, Story] = {0: Story()}
        self._clock, self._last = clock, clock()
        self._time, self._at, self._story = 0.0, 0, Story()
        self.speed, self.moving = speed, True

    @property
    def scene(self) -> Scene:
        playing = Playing(at=self._at, of=len(self._events), speed=self.speed, moving=self.moving)
        return Scene(record=self._record, story=self._story, playing=playing)

    def read(self) -> Scene:
        now = self._clock()
        if self.moving:
            self._time += (now - self._last) * self.speed
        self._last = now
        place = self._at
        while place < len(self._times) and self._times[place] <= self._time:
            place += 1
        self.moving = self.moving and place < len(self._times)
        self._go(place)
        step = self._story.step
        return Scene(
            record=self._record,
            story=self._story,
            standings=Standings().extend([row for row in self._tallies if row.step <= step]),
            spent=self._story.view.spent,
            seconds=self._story.view.seconds,
            playing=Playing(at=self._at, of=len(self._events), speed=self.speed, moving=self.moving),
        )

    def seek(self, place: int) -> None:
        """To so many events from the beginning, as near as there is."""
        place = min(len(self._events), max(0, place))
        self._go(place)
        self._time = self._times[place - 1] if place else 0.0

    def toggle(self) -> None:
        if self._at >= len(self._events):
            self.seek(0)
        self.moving = not self.moving

    def _go(self, place: int) -> None:
        if place < self._at:
            self._at = max(kept for kept in self._kept if kept <= place)
            self._story = self._kept[self._at]
        while self._at < place:
            upto = min(place, self._at - self._at % self._EVERY + self._EVERY)
            self._story = self._story.extend(self._events[self._at : upto])
            self._at = upto
            if upto % self._EVERY == 0:
                self._kept[upto] = self._story

    def _timeline(self) -> list[float]:
        times, now, before = [], 0.0, None
        for event in self._events:
            moment = _moment(event.at)
            if moment and before:
                now += min(self._LONGEST, max(0.0, (moment - before).total_seconds()))
            before = moment or before
            times.append(now)
        return times


def _spent(store: Store, run: str) -> Spent:
    used = store.ledger_rows(run).used
    target, optimizer = used.get("target", Cost()), used.get("optimizer", Cost())
    return Spent(
        target_calls=target.calls,
        optimizer_calls=optimizer.calls,
        tokens=target.tokens + optimizer.tokens,
        usd=target.usd + optimizer.usd,
    )


def _moment(at: str) -> datetime | None:
    try:
        return datetime.fromisoformat(at)
    except ValueError:
        return None
