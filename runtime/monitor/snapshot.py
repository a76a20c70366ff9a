"""What a live display draws: one snapshot of a run, built from its event log and the tables beside it.

The terminal UI and the panel of the command line read the same `LiveSource`, so both show the same numbers.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Protocol

from ...core.budget import Cost
from ...core.errors import UsageError
from ...core.events import Event
from ..store import RunRecord, Store
from .event_fields import parse_time
from .leaderboard import Leaderboard
from .process import is_run_alive
from .run_timeline import RunTimeline
from .run_view import RunView, ScoreSummary, Spending

EVENTS_PER_READ = 2000  # a long log is caught up with in parts, so that the first frame does not wait for it
STORE_POLL_SECONDS = 1.0  # record, spending and process are read once a second; events and scores at every read
_STATE_EVENTS = frozenset(
    {
        "run_started",
        "run_resumed",
        "run_paused",
        "run_stopped",
        "run_finished",
        "run_failed",
        "directive_applied",
        "directive_refused",
    }
)


@dataclass(frozen=True, kw_only=True)
class ReplayState:
    """Where a replay stands: the events shown, how many there are, the speed, and whether it plays."""

    position: int
    total: int
    speed: float
    playing: bool


@dataclass(frozen=True, kw_only=True)
class RunSnapshot:
    """A run at one moment.

    Attributes:
        record: the run's row in the store.
        alive: whether a process carries the run.
        timeline: the event log, folded.
        leaderboard: the val scores of all candidates.
        spent: what the ledger says; between batches it is ahead of the log.
        seconds: running time, with the time since the newest event.
        catching_up: whether the log holds more than was read so far.
        pending: kinds of the directives that the run has not applied yet.
        replay: where a replay stands, None for a live run.
    """

    record: RunRecord
    alive: bool = False
    timeline: RunTimeline = field(default_factory=RunTimeline)
    leaderboard: Leaderboard = field(default_factory=Leaderboard)
    spent: Spending = field(default_factory=Spending)
    seconds: float = 0.0
    catching_up: bool = False
    pending: tuple[str, ...] = ()
    replay: ReplayState | None = None

    @property
    def version(self) -> tuple[object, ...]:
        """Changes whenever anything but the clock did."""
        return (
            self.record.state,
            self.alive,
            self.timeline.view.number,
            self.leaderboard.cursor,
            self.spent,
            self.pending,
            self.replay,
        )

    @property
    def state(self) -> str:
        """One word: running, paused, asking, stopped, finished, failed, replay, or dead where its process is gone.

        A resumed run writes its first event late; until then the record knows better than the log.
        """
        if self.replay is not None:
            return "replay"
        if self.record.state in ("running", "paused"):
            if not self.alive:
                return "dead"
            return "asking" if self.timeline.view.waiting_for_person else self.record.state
        return self.record.state

    @property
    def best(self) -> str:
        """The id of the best candidate; empty before anything was measured."""
        view = self.timeline.view
        return view.best.candidate if view.best else ""

    @property
    def view(self) -> RunView:
        """The view of the log with the newer numbers: spending, seconds, scores of the best and of the baseline."""
        view = self.timeline.view
        announced = view.best or (ScoreSummary(candidate=self.record.best, score=0.0) if self.record.best else None)
        best = self._latest(announced)
        return replace(
            view,
            spent=self.spent,
            seconds=self.seconds,
            best=best if best is not None and best.n else view.best,
            start=self._latest(view.start),
        )

    def find_candidate(self, word: str) -> str:
        """The id that a word means: an id, a unique beginning of one, `best` or `start`. Raises UsageError."""
        candidates = self.timeline.candidates
        if word in ("", "best"):
            word = self.best
        if word == "start":
            word = next(iter(candidates), "")
        matches = [name for name in candidates if name == word]
        matches = matches or [name for name in candidates if word and name.startswith(word)]
        if len(matches) != 1:
            raise UsageError(f"{word!r} is {'the beginning of several candidates' if matches else 'no candidate'}")
        return matches[0]

    def _latest(self, summary: ScoreSummary | None) -> ScoreSummary | None:
        """The log has a score as it was announced; the leaderboard may know more examples by now."""
        tally = self.leaderboard.get(summary.candidate) if summary else None
        if summary is None or tally is None or tally.n <= summary.n:
            return summary
        low, high = tally.interval
        return replace(summary, score=tally.mean, low=low, high=high, n=tally.n)


class SnapshotSource(Protocol):
    """`read` returns the newest snapshot, from one thread at a time; `snapshot` is the last one, without reading."""

    @property
    def snapshot(self) -> RunSnapshot: ...

    def read(self) -> RunSnapshot: ...


class LiveSource:
    """Builds snapshots of one run from the store.

    Args:
        store: open for reading.
        run: id, beginning of one, or `latest`.
        timeline: what was folded already, as by a display that hears the events in its own process.
        is_alive: whether a process carries the run.
        clock: monotonic seconds.
        now: the time of day.

    Attributes:
        unreadable: Number of an event → why it was left out.
    """

    def __init__(
        self,
        store: Store,
        run: str,
        *,
        timeline: RunTimeline | None = None,
        is_alive: Callable[[RunRecord], bool] = is_run_alive,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store, self._is_alive, self._clock, self._now = store, is_alive, clock, now
        record = store.run(run)
        self._snapshot = RunSnapshot(record=record, alive=is_alive(record), timeline=timeline or RunTimeline())
        self._polled = float("-inf")
        self.unreadable: dict[int, str] = {}

    @property
    def snapshot(self) -> RunSnapshot:
        return self._snapshot

    def read_all(self) -> RunSnapshot:
        """The whole log, for a display that is drawn once."""
        while self.read().catching_up:
            pass
        return self._snapshot

    def read(self) -> RunSnapshot:
        """At most EVENTS_PER_READ new events, and everything else as it stands now."""
        previous = self._snapshot
        events = self._store.events(
            previous.record.id,
            after=previous.timeline.view.number,
            limit=EVENTS_PER_READ,
            unreadable=self.unreadable,
        )
        self.apply(events)
        self._snapshot = replace(self._snapshot, catching_up=len(events) == EVENTS_PER_READ)
        return self.refresh()

    def apply(self, events: Iterable[Event]) -> None:
        """Fold events that the caller has, without reading the store."""
        events = list(events)
        if not events:
            return
        if any(event.kind in _STATE_EVENTS for event in events):
            self._polled = float("-inf")
        timeline = self._extended(events)
        self._snapshot = replace(self._snapshot, timeline=timeline, spent=self._most(timeline.view))
        self._snapshot = replace(self._snapshot, seconds=timeline.view.seconds + self._since_newest_event())

    def _extended(self, events: Sequence[Event]) -> RunTimeline:
        """The timeline with these events, without those whose data have another form than their kind says."""
        timeline = self._snapshot.timeline
        try:
            return timeline.extend(events)
        except Exception:  # noqa: BLE001 - a damaged record may fail anywhere; it is found one by one below
            for event in events:
                try:
                    timeline = timeline.extend([event])
                except Exception as error:  # noqa: BLE001 - as above
                    self.unreadable[event.number] = f"{event.kind}: {type(error).__name__}: {error}"
        return timeline

    def refresh(self) -> RunSnapshot:
        """Scores, spending, state and time as they are now; the log stays as far as it was read."""
        current, store = self._snapshot, self._store
        run, view = current.record.id, current.timeline.view
        leaderboard = current.leaderboard.extend(store.tallies(run, after=current.leaderboard.cursor))
        self._snapshot = current = replace(current, leaderboard=leaderboard)
        if self._clock() - self._polled >= STORE_POLL_SECONDS:
            self._polled = self._clock()
            record = store.run(run)
            applied = max((status.number for status in current.timeline.directives), default=0)
            current = replace(
                current,
                record=record,
                alive=self._is_alive(record),
                spent=recorded_spending(store, run),
                pending=tuple(directive.kind for _, directive in store.directives(run, after=applied)),
            )
        self._snapshot = current
        self._snapshot = replace(current, spent=self._most(view), seconds=view.seconds + self._since_newest_event())
        return self._snapshot

    def _most(self, view: RunView) -> Spending:
        """Both only grow; the one with more calls is the newer one."""
        return max(self._snapshot.spent, view.spent, key=lambda spent: spent.calls)

    def _since_newest_event(self) -> float:
        current, view = self._snapshot, self._snapshot.timeline.view
        newest = parse_time(view.at)
        stands_still = current.record.state == "paused" or view.state != "running" or view.waiting_for_person
        if newest is None or stands_still or not current.alive:
            return 0.0
        return max(0.0, (self._now() - newest).total_seconds())


def recorded_spending(store: Store, run: str) -> Spending:
    """What the ledger in the store says, which is ahead of the log between batches."""
    used = store.ledger_sums(run).used
    target, optimizer = used.get("target", Cost()), used.get("optimizer", Cost())
    return Spending(
        target_calls=target.calls,
        optimizer_calls=optimizer.calls,
        tokens=target.tokens + optimizer.tokens,
        usd=target.usd + optimizer.usd,
    )
