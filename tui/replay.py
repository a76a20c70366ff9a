"""A finished run played again, at any speed, forwards and back."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

from ..runtime.monitor.leaderboard import Leaderboard
from ..runtime.monitor.run_timeline import RunTimeline
from ..runtime.monitor.snapshot import ReplayState, RunSnapshot
from ..runtime.store import Store


class ReplaySource:
    """A run's log played again. Gaps longer than `_LONGEST` seconds are cut, so that nothing seems to hang."""

    _MAX_GAP_SECONDS = 5.0
    _CHECKPOINT_EVENTS = 500

    def __init__(
        self, store: Store, run: str, *, speed: float = 10.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._record = store.run(run)
        self._events = store.events(self._record.id)
        self._tallies = store.tallies(self._record.id)
        self._times = self._event_times()
        self._kept: dict[int, RunTimeline] = {0: RunTimeline()}
        self._clock, self._last = clock, clock()
        self._time, self._at, self._story = 0.0, 0, RunTimeline()
        self.speed, self.moving = speed, True

    @property
    def scene(self) -> RunSnapshot:
        playing = ReplayState(at=self._at, of=len(self._events), speed=self.speed, moving=self.moving)
        return RunSnapshot(record=self._record, story=self._story, playing=playing)

    def read(self) -> RunSnapshot:
        now = self._clock()
        if self.moving:
            self._time += (now - self._last) * self.speed
        self._last = now
        place = self._at
        while place < len(self._times) and self._times[place] <= self._time:
            place += 1
        self.moving = self.moving and place < len(self._times)
        self._advance_to(place)
        step = self._story.step
        return RunSnapshot(
            record=self._record,
            story=self._story,
            standings=Leaderboard().extend([row for row in self._tallies if row.step <= step]),
            spent=self._story.view.spent,
            seconds=self._story.view.seconds,
            playing=ReplayState(at=self._at, of=len(self._events), speed=self.speed, moving=self.moving),
        )

    def seek(self, place: int) -> None:
        """To so many events from the beginning, as near as there is."""
        place = min(len(self._events), max(0, place))
        self._advance_to(place)
        self._time = self._times[place - 1] if place else 0.0

    def toggle(self) -> None:
        if self._at >= len(self._events):
            self.seek(0)
        self.moving = not self.moving

    def _advance_to(self, place: int) -> None:
        if place < self._at:
            self._at = max(kept for kept in self._kept if kept <= place)
            self._story = self._kept[self._at]
        while self._at < place:
            upto = min(place, self._at - self._at % self._CHECKPOINT_EVENTS + self._CHECKPOINT_EVENTS)
            self._story = self._story.extend(self._events[self._at : upto])
            self._at = upto
            if upto % self._CHECKPOINT_EVENTS == 0:
                self._kept[upto] = self._story

    def _event_times(self) -> list[float]:
        times, now, before = [], 0.0, None
        for event in self._events:
            moment = _parse_time(event.at)
            if moment and before:
                now += min(self._MAX_GAP_SECONDS, max(0.0, (moment - before).total_seconds()))
            before = moment or before
            times.append(now)
        return times


def _parse_time(at: str) -> datetime | None:
    try:
        return datetime.fromisoformat(at)
    except ValueError:
        return None
