"""A finished run played again, at any speed, forwards and back."""

from __future__ import annotations

import time
from collections.abc import Callable

from ..runtime.monitor.event_fields import parse_time
from ..runtime.monitor.leaderboard import Leaderboard
from ..runtime.monitor.run_timeline import RunTimeline
from ..runtime.monitor.snapshot import ReplayState, RunSnapshot
from ..runtime.store import Store

_MAX_GAP_SECONDS = 5.0  # a longer pause between events is cut, so that nothing seems to hang
_CHECKPOINT_EVENTS = 500  # a jump back folds at most so many events again


class ReplaySource:
    """Builds snapshots from the log as if the run happened now."""

    def __init__(
        self, store: Store, run: str, *, speed: float = 10.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._record = store.run(run)
        self._events = store.events(self._record.id)
        self._tallies = store.tallies(self._record.id)
        self._times = self._event_times()
        self._checkpoints: dict[int, RunTimeline] = {0: RunTimeline()}
        self._clock, self._last_read = clock, clock()
        self._time, self._timeline = 0.0, RunTimeline()
        self.position = 0
        self.speed, self.playing = speed, True

    @property
    def snapshot(self) -> RunSnapshot:
        view, step = self._timeline.view, self._timeline.step
        return RunSnapshot(
            record=self._record,
            timeline=self._timeline,
            leaderboard=Leaderboard().extend([tally for tally in self._tallies if tally.step <= step]),
            spent=view.spent,
            seconds=view.seconds,
            replay=ReplayState(position=self.position, total=len(self._events), speed=self.speed, playing=self.playing),
        )

    def read(self) -> RunSnapshot:
        now = self._clock()
        if self.playing:
            self._time += (now - self._last_read) * self.speed
        self._last_read = now
        position = self.position
        while position < len(self._times) and self._times[position] <= self._time:
            position += 1
        self.playing = self.playing and position < len(self._times)
        self._advance_to(position)
        return self.snapshot

    def seek(self, position: int) -> None:
        """To a number of events from the beginning, within the log."""
        position = min(len(self._events), max(0, position))
        self._advance_to(position)
        self._time = self._times[position - 1] if position else 0.0

    def toggle(self) -> None:
        if self.position >= len(self._events):
            self.seek(0)
        self.playing = not self.playing

    def _advance_to(self, position: int) -> None:
        if position < self.position:
            self.position = max(checkpoint for checkpoint in self._checkpoints if checkpoint <= position)
            self._timeline = self._checkpoints[self.position]
        while self.position < position:
            next_checkpoint = self.position - self.position % _CHECKPOINT_EVENTS + _CHECKPOINT_EVENTS
            end = min(position, next_checkpoint)
            self._timeline = self._timeline.extend(self._events[self.position : end])
            self.position = end
            if end % _CHECKPOINT_EVENTS == 0:
                self._checkpoints[end] = self._timeline

    def _event_times(self) -> list[float]:
        """Seconds from the first event to each, without long gaps."""
        seconds, elapsed, before = [], 0.0, None
        for event in self._events:
            moment = parse_time(event.at)
            if moment and before:
                elapsed += min(_MAX_GAP_SECONDS, max(0.0, (moment - before).total_seconds()))
            before = moment or before
            seconds.append(elapsed)
        return seconds
