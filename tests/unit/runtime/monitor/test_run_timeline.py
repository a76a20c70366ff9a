"""The timeline of a run without any screen: any prefix tells one, and a replay tells the same as watching live."""

from __future__ import annotations

from typing import Any, get_args

from hypothesis import given
from hypothesis import strategies as st
from maieutic.core.events import Event, EventKind
from maieutic.runtime.monitor.leaderboard import Leaderboard, ScoreTally
from maieutic.runtime.monitor.run_timeline import (
    MAX_ACTIVE_OPERATORS,
    MAX_CURVE_POINTS,
    MAX_LINES,
    MAX_THROUGHPUT_SAMPLES,
    MAX_TURNS,
    RunTimeline,
)
from maieutic.runtime.store import StepTally

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=5,
)
names = ["candidate", "score", "round", "ledger", "steps", "orders", "directive", "role", "text", "operator", "parents"]
facts = st.tuples(
    st.sampled_from(get_args(EventKind)),
    st.integers(0, 5),
    st.dictionaries(st.sampled_from(names), json_values, max_size=4),
)


def events(told: list[tuple[Any, int, dict[str, Any]]]) -> list[Event]:
    return [
        Event(run="r", kind=kind, step=step, key=f"{step}:{kind}:{n}", data=data, number=n, at="2026-11-21T10:00:00Z")
        for n, (kind, step, data) in enumerate(told, 1)
    ]


@given(st.lists(facts, max_size=12), st.integers(0, 12))
def test_a_replay_is_what_live_was(told: list[tuple[Any, int, dict[str, Any]]], cut: int) -> None:
    log = events(told)
    whole = RunTimeline.from_events(log)
    assert RunTimeline.from_events(log[:cut]).extend(log[cut:]) == whole
    assert whole.extend(log) == whole
    assert all(RunTimeline.from_events(log[:n]).view.number == n for n in range(1, len(log) + 1))


@given(st.lists(facts, max_size=12))
def test_any_log_is_told_within_bounds(told: list[tuple[Any, int, dict[str, Any]]]) -> None:
    timeline = RunTimeline.from_events(events(told))
    assert len(timeline.turns) <= MAX_TURNS
    assert len(timeline.lines) <= MAX_LINES
    assert len(timeline.curve) <= MAX_CURVE_POINTS
    assert len(timeline.active_operators) <= MAX_ACTIVE_OPERATORS
    assert len(timeline.throughput) <= MAX_THROUGHPUT_SAMPLES
    assert timeline.plan_index is None or 0 <= timeline.plan_index < len(timeline.view.plan)
    assert timeline.rate >= 0


def test_a_log_of_ten_thousand_is_kept_small() -> None:
    said = ("agent_spoke", 1, {"role": "teacher", "text": "Why?"})
    climb = [
        fact
        for n in range(5_000)
        for fact in (
            ("batch_finished", 1, {"ledger": {"target_calls": n}}),
            ("best_changed", 1, {"candidate": "c", "score": n / 10_000}),
        )
    ]
    timeline = RunTimeline.from_events(events([said] * 5_000 + climb))  # type: ignore[arg-type]
    assert (len(timeline.turns), len(timeline.lines)) == (MAX_TURNS, MAX_LINES)
    assert len(timeline.curve) <= MAX_CURVE_POINTS
    assert timeline.curve[0].score == 0.0
    assert timeline.curve[-1].score == 0.4999


def test_who_is_at_work_is_known_until_it_is_done() -> None:
    begun = Event(
        run="r", kind="request_started", step=3, key="3:request_started:0", number=1, data={"operator": "phrase"}
    )
    ended = Event(run="r", kind="request_finished", step=3, key="3:request_finished:0", number=2)
    timeline = RunTimeline.from_events([begun])
    assert [one.operator for one in timeline.active_operators.values()] == ["phrase"]
    assert timeline.extend([ended]).active_operators == {}


rows = st.lists(
    st.builds(
        StepTally,
        candidate=st.sampled_from(["a", "b", "c"]),
        step=st.integers(0, 3),
        n=st.just(4),
        total=st.floats(0, 4),
        unreadable=st.integers(0, 4),
        cursor=st.just(0),
    ),
    max_size=10,
)


@given(rows, st.integers(0, 10))
def test_standings_grow_the_same_however_they_are_read(some: list[StepTally], cut: int) -> None:
    numbered = [
        StepTally(
            candidate=r.candidate, step=r.step, n=r.n, total=r.total, squares=r.total, unreadable=r.unreadable, cursor=n
        )
        for n, r in enumerate(some, 1)
    ]
    whole = Leaderboard().extend(numbered)
    assert Leaderboard().extend(numbered[:cut]).extend(numbered[cut:]) == whole
    assert whole.extend(numbered) == whole
    for tally in whole.tallies.values():
        low, high = tally.interval
        assert 0 <= low <= tally.mean + 1e-9
        assert tally.mean - 1e-9 <= high <= 1


def test_the_interval_is_wilsons() -> None:
    low, high = ScoreTally(n=20, total=16.0, squares=16.0).interval
    assert (round(low, 3), round(high, 3)) == (0.584, 0.919)
    assert ScoreTally().interval == (0.0, 1.0)
