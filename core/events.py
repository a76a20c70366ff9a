"""The events of a run: facts in the past tense, append-only, numbered without gaps.

Where something starts and ends, events come in pairs (`X_started`, `X_finished`).
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from .frozen import FrozenDict, FrozenMapping

EventKind = Literal[
    "run_started",
    "run_resumed",
    "preflight_passed",
    "baseline_measured",
    "plan_made",
    "round_started",
    "round_finished",
    "rows_asked",
    "rows_added",
    "request_started",
    "request_finished",
    "agent_spoke",
    "answer_unreadable",
    "candidate_proposed",
    "candidate_rejected",
    "duel_asked",
    "duel_judged",
    "batch_finished",
    "example_failed",
    "candidate_kept",
    "candidate_dropped",
    "best_changed",
    "directive_applied",
    "directive_refused",
    "run_paused",
    "approval_asked",
    "test_opened",
    "limit_passed",
    "report_written",
    "run_stopped",
    "run_failed",
    "run_finished",
]


class Event(BaseModel):
    """One fact of a run.

    Attributes:
        run: The run's id.
        kind: What happened.
        key: Identifies the event. If a node runs again after a crash, the store keeps the first event of a key.
        step: The graph's step.
        data: The details, by kind.
        number: Counts from 1 within a run; the store assigns it.
        at: UTC, ISO 8601; the store assigns it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    run: str
    kind: EventKind
    key: str
    step: int = 0
    data: FrozenMapping[str, Any] = Field(default_factory=FrozenDict)
    number: int = 0
    at: str = ""

    def as_json_line(self) -> dict[str, Any]:
        """The event as one line of `--json`. `seq` is its number; no key of `data` hides one of the head."""
        head = {"event": self.kind, "run": self.run, "seq": self.number, "at": self.at, "step": self.step}
        return {**head, **{key: value for key, value in self.data.items() if key not in head}}

    line = as_json_line  # The former name, for existing plugins.
