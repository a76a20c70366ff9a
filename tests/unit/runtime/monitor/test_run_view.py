"""The reducer: any prefix of a log, and any nonsense in it, is a valid view."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from maieutic.core.events import Event, EventKind
from maieutic.runtime.monitor.event_messages import message_for
from maieutic.runtime.monitor.run_view import MAX_RECENT, RunView

LOG: list[tuple[str, dict[str, Any]]] = [
    ("run_started", {"task": "parity", "recipe": "auto", "budget": {"calls": 100}, "target": "local/smollm2"}),
    ("baseline_measured", {"candidate": "c-0", "score": 0.5, "n": 20}),
    ("round_started", {"round": 1, "orders": [{"operator": "demos", "parents": ["c-0"]}]}),
    ("candidate_proposed", {"candidate": "c-1", "operator": "demos", "parents": ["c-0"]}),
    ("candidate_proposed", {"candidate": "c-2", "operator": "demos", "parents": ["c-0"]}),
    ("candidate_rejected", {"candidate": "c-3", "reason": "it says nothing"}),
    ("batch_finished", {"pairs": 8, "ledger": {"target_calls": 40, "optimizer_calls": 10, "tokens": 900, "usd": 0.5}}),
    ("best_changed", {"candidate": "c-1", "score": 0.7, "low": 0.5, "high": 0.9, "n": 8}),
    ("round_finished", {"round": 1, "kept": ["c-1"], "dropped": ["c-2"]}),
    ("test_opened", {"rows": 50}),
    ("report_written", {"verdict": "improved"}),
    ("run_finished", {"best": "c-1"}),
]

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
keys = st.sampled_from(["candidate", "score", "n", "round", "ledger", "budget", "pairs", "kept", "orders", "directive"])
events = st.builds(
    Event,
    run=st.just("r"),
    kind=st.sampled_from(get_args(EventKind)),
    key=st.just("k"),
    data=st.dictionaries(keys, json_values, max_size=5),
    number=st.integers(0, 50),
    at=st.sampled_from(["", "soon", "2026-11-21T10:00:00+00:00", "2026-11-21T10:00:09", "2026-11-21T10:01:00Z"]),
)


def logged(count: int = len(LOG)) -> list[Event]:
    return [
        Event(run="r", kind=kind, key=str(n), number=n, data=data, at=f"2026-11-21T10:00:{n:02d}+00:00")  # type: ignore[arg-type]
        for n, (kind, data) in enumerate(LOG[:count], 1)
    ]


def test_the_whole_log_tells_the_whole_run() -> None:
    view = RunView.from_events(logged())
    assert (view.state, view.phase, view.round) == ("finished", "over", 1)
    assert view.best is not None
    assert view.start is not None
    assert (view.best.candidate, view.best.score, view.start.score) == ("c-1", 0.7, 0.5)
    assert (view.candidate_count, view.active_count) == (3, 1)
    assert (view.spent.calls, view.spent.tokens, view.measurements) == (50, 900, 8)
    assert view.seconds == 11.0
    assert view.report["verdict"] == "improved"
    assert len(view.recent) == MAX_RECENT


def test_the_rate_tells_when_the_budget_will_be_spent() -> None:
    view = RunView.from_events(logged(7))
    assert (view.state, view.rate) == ("running", 50 / 6)
    assert view.eta == 6.0
    assert RunView.from_events(logged()).eta is None


def test_an_event_that_was_seen_changes_nothing() -> None:
    view = RunView.from_events(logged(8))
    assert [view.apply(event) for event in logged(8)] == [view] * 8


def test_the_time_between_two_sessions_does_not_count() -> None:
    view = RunView.from_events(logged(3))
    later = Event(run="r", kind="run_resumed", key="x", number=4, at="2026-11-22T10:00:00+00:00")
    assert view.apply(later).seconds == view.seconds
    assert view.apply(later).state == "running"


@pytest.mark.parametrize(("kind", "answer"), [("duel_asked", "prefer"), ("approval_asked", "approve")])
def test_the_time_that_a_person_takes_to_answer_does_not_count(kind: EventKind, answer: str) -> None:
    view = RunView.from_events(logged(3)).apply(
        Event(run="r", kind=kind, key="x", number=4, data={"round": 2}, at="2026-11-21T10:00:04+00:00")
    )
    data = {"directive": {"kind": answer}}
    said = Event(run="r", kind="directive_applied", key="y", number=5, data=data, at="2026-11-21T11:00:00+00:00")
    done = Event(run="r", kind="batch_finished", key="z", number=6, at="2026-11-21T11:00:02+00:00")
    assert view.waiting_for_person
    assert not view.apply(said).waiting_for_person
    assert view.apply(said).seconds == view.seconds
    assert view.apply(said).apply(done).seconds == view.seconds + 2


@given(st.lists(events, max_size=12))
def test_any_log_is_a_valid_view(log: list[Event]) -> None:
    view = RunView()
    for event in log:
        before, spent = view, view.spent.calls
        view = view.apply(event)
        assert before.apply(event) == view
        assert view.number >= before.number
        assert view.spent.calls >= spent
        assert 0 <= view.active_count <= view.candidate_count
        assert view.eta is None or view.eta >= 0
        assert view.seconds >= before.seconds
        assert len(view.recent) <= MAX_RECENT
        assert all("\n" not in line or line == "" for line in view.recent)


@given(events)
def test_every_event_has_words_or_none(event: Event) -> None:
    assert "\n" not in message_for(event)


def test_an_estimate_is_told_beside_the_score_and_never_as_one() -> None:
    told = {"candidate": "c-1", "score": 1.0, "low": 0.5101, "high": 1.0, "n": 4, "expected": 0.5512}
    event = Event(run="r", kind="best_changed", key="1", number=1, data=told)
    assert message_for(event) == "best is now c-1: 1.00 [0.51, 1.00] on 4 examples, 0.55 expected on all val examples"
    view = RunView.from_events([event])
    assert view.best is not None
    assert (view.best.score, view.best.low, view.best.n) == (1.0, 0.5101, 4)


@pytest.mark.parametrize("kind", ["run_paused", "approval_asked", "duel_asked"])
def test_a_command_that_is_told_can_be_typed_as_it_is(kind: Any) -> None:
    said = message_for(Event(run="r-1", kind=kind, key="1"))
    assert "RUN" not in said
    assert " r-1" in said


def _asked(*kinds: str | tuple[str, dict[str, Any]]) -> RunView:
    """A view after events, each a kind or a kind with its data."""
    pairs = [(kind, {}) if isinstance(kind, str) else kind for kind in kinds]
    return RunView.from_events(
        Event(run="r", kind=kind, key=str(n), number=n, data=data)  # type: ignore[arg-type]
        for n, (kind, data) in enumerate(pairs, 1)
    )


APPROVAL = ("approval_asked", {"round": 2, "target": 10, "optimizer": 1})
DUEL = ("duel_asked", {"first": "c-1", "second": "c-2", "example": "row-1", "number": 3, "swapped": False})


def _directive(kind: str) -> tuple[str, dict[str, Any]]:
    return ("directive_applied", {"directive": {"kind": kind}})


@pytest.mark.parametrize("question", [APPROVAL, DUEL])
def test_a_question_is_open_until_it_is_answered(question: tuple[str, dict[str, Any]]) -> None:
    """A pause and a resume between question and answer lost the approval: the run does not ask twice."""
    answer = "approve" if question is APPROVAL else "prefer"
    assert _asked("run_started", question).waiting_for_person
    assert _asked("run_started", question, _directive("hint")).waiting_for_person
    paused = _asked("run_started", question, "run_paused")
    assert (paused.state, paused.waiting_for_person) == ("paused", False)
    assert _asked("run_started", question, "run_paused", _directive("resume")).waiting_for_person
    for end in (_directive(answer), _directive("stop"), "round_started", "run_stopped", "run_failed"):
        assert not _asked("run_started", question, end).waiting_for_person


def test_an_approval_is_no_answer_to_a_duel() -> None:
    assert _asked("run_started", DUEL, _directive("approve")).pending_duel["number"] == 3
