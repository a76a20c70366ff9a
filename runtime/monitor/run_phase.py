"""What a run does, and the part of it that it is in, from the kinds of its events."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from ...core.events import Event
from .event_fields import directive_kind

RunPhase = Literal[
    "waiting",
    "preparing",
    "measuring the baseline",
    "planning",
    "proposing",
    "measuring",
    "testing",
    "reporting",
    "over",
]
ViewState = Literal["waiting", "running", "paused", "stopped", "failed", "finished"]

PHASES: Mapping[str, RunPhase] = {
    "run_started": "preparing",
    "run_resumed": "preparing",
    "rows_asked": "preparing",
    "preflight_passed": "measuring the baseline",
    "baseline_measured": "planning",
    "plan_made": "proposing",
    "round_started": "proposing",
    "candidate_proposed": "proposing",
    "batch_finished": "measuring",
    "test_opened": "testing",
    "report_written": "reporting",
    "run_stopped": "over",
    "run_failed": "over",
    "run_finished": "over",
}
STATES: Mapping[str, ViewState] = {
    "run_paused": "paused",
    "run_stopped": "stopped",
    "run_failed": "failed",
    "run_finished": "finished",
}
# Events that a run writes once no question to a person is open. A pause is none of them: what was asked before it is
# still to be answered after it, and is not asked twice.
_WORKING_KINDS = frozenset(
    {"round_started", "round_finished", "batch_finished", "duel_judged", "candidate_proposed", "test_opened"}
)
_CONTINUING_DIRECTIVES = frozenset({"resume", "stop"})


def is_answer(event: Event, kind: str) -> bool:
    """Whether the run waits for a person no more: by a directive of the kind, or because it works on or has ended."""
    directive = directive_kind(event.data) if event.kind == "directive_applied" else ""
    over = event.kind in _WORKING_KINDS or (event.kind in STATES and event.kind != "run_paused")
    return over or directive in (kind, "stop")


def next_state(state: ViewState, event: Event) -> ViewState:
    """Calls in flight still write events after a pause: only a person, a new session or an end undoes it."""
    if state == "paused" and event.kind not in STATES and event.kind != "run_resumed":
        continues = event.kind == "directive_applied" and directive_kind(event.data) in _CONTINUING_DIRECTIVES
        return "running" if continues else "paused"
    return STATES.get(event.kind, "running")
