"""What a person sees of a run: a pure function of its event log, for the terminal, the TUI and scripts alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Literal

from ...core.events import Event
from .event_fields import count_field, directive_kind, float_field, parse_time, text_field, text_list_field
from .event_messages import message_for

RunPhase = Literal[
    "waiting", "preparing", "measuring the start", "planning", "proposing", "measuring", "testing", "reporting", "over"
]
ViewState = Literal["waiting", "running", "paused", "stopped", "failed", "finished"]
CandidateStatus = Literal["racing", "kept", "dropped", "rejected", "pinned", "vetoed"]

MAX_RECENT = 8
_FINAL_STATUSES = ("rejected", "pinned", "vetoed")
_EMPTY: Mapping[str, Any] = MappingProxyType({})

_PHASES: Mapping[str, RunPhase] = {
    "run_started": "preparing",
    "run_resumed": "preparing",
    "rows_asked": "preparing",
    "preflight_passed": "measuring the start",
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
_WAITING_KINDS = frozenset({"duel_asked", "approval_asked"})
_CONTINUING_KINDS = frozenset({"resume", "stop"})
_STATES: Mapping[str, ViewState] = {
    "run_paused": "paused",
    "run_stopped": "stopped",
    "run_failed": "failed",
    "run_finished": "finished",
}
_STATUSES: Mapping[str, CandidateStatus] = {
    "candidate_proposed": "racing",
    "candidate_rejected": "rejected",
    "candidate_kept": "kept",
    "candidate_dropped": "dropped",
}


@dataclass(frozen=True, kw_only=True)
class CandidateView:
    """A candidate as the log tells it."""

    id: str
    operator: str = ""
    parents: tuple[str, ...] = ()
    status: CandidateStatus = "racing"
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class ScoreSummary:
    """A candidate's score in [0, 1], its 95 % interval and the rows behind it."""

    candidate: str
    score: float
    low: float | None = None
    high: float | None = None
    n: int = 0


@dataclass(frozen=True, kw_only=True)
class Spending:
    """What the run used so far, answers from the cache included."""

    target_calls: int = 0
    optimizer_calls: int = 0
    tokens: int = 0
    usd: float = 0.0

    @property
    def calls(self) -> int:
        return self.target_calls + self.optimizer_calls


@dataclass(frozen=True, kw_only=True)
class RunView:
    """`apply` gives the next view and leaves this one as it is.

    Any prefix of a log is a valid view; an event that was applied already, a fact of an unknown kind and a field
    that is missing or of a wrong type change nothing. seconds: of wall clock between the events, pauses, waiting for
    a person and the time between sessions left out. held: it waits for a person's answer. recent: the last lines
    worth telling, oldest first. pairs: measurements made. asking: the most that the next round can take, while the
    run waits for an approval; else empty. failure: why it failed, else empty.
    """

    run: str = ""
    state: ViewState = "waiting"
    phase: RunPhase = "waiting"
    started: Mapping[str, Any] = field(default_factory=lambda: _EMPTY)
    budget: Mapping[str, Any] = field(default_factory=lambda: _EMPTY)
    round: int = 0
    candidates: Mapping[str, CandidateView] = field(default_factory=lambda: MappingProxyType({}))
    start: ScoreSummary | None = None
    best: ScoreSummary | None = None
    spent: Spending = Spending()
    measurements: int = 0
    unreadable: int = 0
    plan: tuple[str, ...] = ()
    pending_approval: Mapping[str, Any] = field(default_factory=lambda: _EMPTY)
    recent: tuple[str, ...] = ()
    report: Mapping[str, Any] = field(default_factory=lambda: _EMPTY)
    failure: str = ""
    number: int = 0
    at: str = ""
    seconds: float = 0.0
    waiting_for_person: bool = False

    @classmethod
    def from_events(cls, events: Iterable[Event]) -> RunView:
        view = cls()
        for event in events:
            view = view.apply(event)
        return view

    def apply(self, event: Event) -> RunView:
        if event.number and event.number <= self.number:
            return self
        line = message_for(event)
        after = replace(
            self,
            run=event.run,
            number=event.number or self.number,
            at=event.at or self.at,
            seconds=self.seconds + self._elapsed(event),
            state=self._next_state(event),
            pending_approval=self._next_pending_approval(event),
            waiting_for_person=event.kind in _WAITING_KINDS,
            phase=_PHASES.get(event.kind, self.phase),
            recent=(*self.recent, line)[-MAX_RECENT:] if line else self.recent,
        )
        return after._fold(event.kind, event.data)

    @property
    def candidate_count(self) -> int:
        """Candidates that were proposed; the start prompt is none."""
        return len(self.candidates)

    @property
    def active_count(self) -> int:
        return sum(one.status in ("racing", "kept", "pinned") for one in self.candidates.values())

    @property
    def rate(self) -> float:
        """Calls a second over the whole run; 0 before anything can be said."""
        return self.spent.calls / self.seconds if self.seconds > 0 else 0.0

    @property
    def eta(self) -> float | None:
        """Seconds until the tightest limit is reached at the present rate; None where nothing limits or moves."""
        used = {
            "calls": self.spent.calls,
            "target_calls": self.spent.target_calls,
            "tokens": self.spent.tokens,
            "usd": self.spent.usd,
            "minutes": self.seconds / 60,
        }
        left = [
            self.seconds * (limit - used[name]) / used[name]
            for name in used
            if (limit := float_field(self.budget, name)) and used[name] > 0 and self.seconds > 0
        ]
        return max(0.0, min(left)) if left and self.state == "running" else None

    def _next_state(self, event: Event) -> ViewState:
        """What was in flight may still be told after a pause: only a person, a new session or an end undoes it."""
        if self.state == "paused" and event.kind not in _STATES and event.kind != "run_resumed":
            return (
                "running"
                if event.kind == "directive_applied" and directive_kind(event.data) in _CONTINUING_KINDS
                else "paused"
            )
        return _STATES.get(event.kind, "running")

    def _next_pending_approval(self, event: Event) -> Mapping[str, Any]:
        if event.kind == "approval_asked":
            return dict(event.data)
        answered = event.kind == "directive_applied" and directive_kind(event.data) in ("approve", "stop")
        return _EMPTY if answered or event.kind in _STATES or event.kind == "round_started" else self.pending_approval

    def _elapsed(self, event: Event) -> float:
        if event.kind == "run_resumed" or self.state == "paused" or self.waiting_for_person:
            return 0.0
        then, now = parse_time(self.at), parse_time(event.at)
        return max(0.0, (now - then).total_seconds()) if then and now else 0.0

    def _fold(self, kind: str, data: Mapping[str, Any]) -> RunView:
        match kind:
            case "run_started":
                limits = data.get("budget")
                return replace(self, started=dict(data), budget=dict(limits) if isinstance(limits, Mapping) else {})
            case "baseline_measured":
                start = _score_summary(data) or self.start
                return replace(self, start=start, best=self.best or start)
            case "plan_made":
                return replace(self, plan=text_list_field(data, "steps"))
            case "round_started":
                return replace(self, round=count_field(data, "round", self.round))
            case "candidate_proposed" | "candidate_rejected" | "candidate_kept" | "candidate_dropped":
                return self._update_candidate(kind, data)
            case "batch_finished":
                return replace(
                    self, measurements=self.measurements + _measurement_count(data), spent=_spending(data, self.spent)
                )
            case "best_changed":
                return replace(self, best=_score_summary(data) or self.best)
            case "round_finished":
                judged = self._set_statuses(text_list_field(data, "kept"), text_list_field(data, "dropped"))
                return replace(judged, spent=_spending(data, judged.spent))
            case "directive_applied":
                return self._apply_directive(data)
            case "answer_unreadable":
                return replace(self, unreadable=self.unreadable + 1)
            case "report_written":
                return replace(self, report=dict(data), spent=_spending(data, self.spent))
            case "run_failed" | "run_resumed":
                return replace(self, failure=text_field(data, "reason") if kind == "run_failed" else "")
        return replace(self, spent=_spending(data, self.spent))

    def _update_candidate(self, kind: str, data: Mapping[str, Any]) -> RunView:
        name = data.get("candidate")
        if not isinstance(name, str):
            return self
        if name not in self.candidates and kind in ("candidate_kept", "candidate_dropped"):
            return self  # the start prompt: nobody proposed it
        known = self.candidates.get(name) or CandidateView(id=name)
        told = replace(
            known,
            operator=text_field(data, "operator") or known.operator,
            parents=text_list_field(data, "parents") or known.parents,
            reason=text_field(data, "reason") or known.reason,
            status=_STATUSES[kind],
        )
        return replace(self, candidates={**self.candidates, name: told})

    def _apply_directive(self, data: Mapping[str, Any]) -> RunView:
        """What a person's word changed: limits, and the fate of candidates."""
        directive, kind = data.get("directive"), directive_kind(data)
        limits = directive.get("budget") if isinstance(directive, Mapping) else None
        if kind == "budget" and isinstance(limits, Mapping):
            return replace(self, budget={name: limit for name, limit in limits.items() if limit is not None})
        fates: Mapping[str, CandidateStatus] = {"pin": "pinned", "veto": "vetoed"}
        if kind not in fates:
            return self
        changed = {
            name: replace(self.candidates[name], status=fates[kind], reason="by a person")
            for name in text_list_field(data, "candidates")
            if name in self.candidates
        }
        return replace(self, candidates={**self.candidates, **changed})

    def _set_statuses(self, kept: tuple[str, ...], dropped: tuple[str, ...]) -> RunView:
        fates: dict[str, CandidateStatus] = {**dict.fromkeys(kept, "kept"), **dict.fromkeys(dropped, "dropped")}
        told = {
            name: replace(one, status=fates[name]) if name in fates and one.status not in _FINAL_STATUSES else one
            for name, one in self.candidates.items()
        }
        return replace(self, candidates=told)


def _score_summary(data: Mapping[str, Any]) -> ScoreSummary | None:
    score = float_field(data, "score")
    if score is None:
        return None
    return ScoreSummary(
        candidate=text_field(data, "candidate"),
        score=score,
        low=float_field(data, "low"),
        high=float_field(data, "high"),
        n=count_field(data, "n", 0),
    )


def _spending(data: Mapping[str, Any], before: Spending) -> Spending:
    """Ledgers only grow; a batch that was told again after a crash takes nothing back."""
    ledger = data.get("ledger")
    if not isinstance(ledger, Mapping):
        return before
    return Spending(
        target_calls=max(before.target_calls, count_field(ledger, "target_calls", 0)),
        optimizer_calls=max(before.optimizer_calls, count_field(ledger, "optimizer_calls", 0)),
        tokens=max(before.tokens, count_field(ledger, "tokens", 0)),
        usd=max(before.usd, float_field(ledger, "usd") or 0.0),
    )


def _measurement_count(data: Mapping[str, Any]) -> int:
    pairs = data.get("pairs")
    return len(pairs) if isinstance(pairs, list | tuple) else count_field(data, "pairs", 0)
