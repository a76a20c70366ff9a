"""A finished run played again, at any speed, forwards and back."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

from ..runtime.standing import Standings
from ..runtime.store import Store
from ..runtime.story import Story
from .feed import Playing, Scene


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


def _moment(at: str) -> datetime | None:
    try:
        return datetime.fromisoformat(at)
    except ValueError:
        return None
