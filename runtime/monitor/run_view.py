"""The state of a run as a pure fold of its event log, for the command line, the terminal UI and scripts alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Literal

from ...core.events import Event
from .event_fields import count_field, directive_kind, float_field, parse_time, text_field, text_list_field
from .event_messages import message_for
from .run_phase import PHASES, RunPhase, ViewState, is_answer, next_state

CandidateStatus = Literal["racing", "kept", "dropped", "rejected", "pinned", "vetoed"]

MAX_RECENT = 8  # lines in the panel of the command line
_FINAL_STATUSES = ("rejected", "pinned", "vetoed")  # no round changes them
_ACTIVE_STATUSES = ("racing", "kept", "pinned")
_EMPTY: Mapping[str, Any] = MappingProxyType({})

_STATUSES: Mapping[str, CandidateStatus] = {
    "candidate_proposed": "racing",
    "candidate_rejected": "rejected",
    "candidate_kept": "kept",
    "candidate_dropped": "dropped",
}
_DIRECTIVE_STATUSES: Mapping[str, CandidateStatus] = {"pin": "pinned", "veto": "vetoed"}


@dataclass(frozen=True, kw_only=True)
class CandidateView:
    """A candidate as reconstructed from events."""

    id: str
    operator: str = ""
    parents: tuple[str, ...] = ()
    status: CandidateStatus = "racing"
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class ScoreSummary:
    """A candidate's mean score in [0, 1], its 95 % interval and the number of examples."""

    candidate: str
    score: float
    low: float | None = None
    high: float | None = None
    n: int = 0


@dataclass(frozen=True, kw_only=True)
class Spending:
    """What the run used so far, cached answers included."""

    target_calls: int = 0
    optimizer_calls: int = 0
    tokens: int = 0
    usd: float = 0.0

    @property
    def calls(self) -> int:
        return self.target_calls + self.optimizer_calls


@dataclass(frozen=True, kw_only=True)
class RunView:
    """`apply` returns the next view. Any prefix of a log is a valid view.

    An event that was applied already, an unknown kind of event, and a field that is missing or of a wrong type change
    nothing.

    Attributes:
        run: the id of the run.
        state: what the run does.
        phase: the part of the run it is in.
        started: the data of `run_started`.
        budget: the limits.
        round: the current round, 0 before the first.
        candidates: proposed candidates by id, oldest first; the baseline is not one of them.
        start: the baseline's score.
        best: the best candidate's score, as announced.
        spent: what was used, as of the newest batch.
        measurements: evaluations made.
        unreadable: answers of optimizer models that could not be parsed.
        plan: the planner's steps.
        pending_approval: the most that the next round can take, while the run waits for approval; else empty.
        recent: the newest log lines, oldest first.
        report: the data of `report_written`.
        failure: why the run failed, else empty.
        number: of the newest event.
        at: when it was written.
        seconds: wall-clock time without pauses, waiting for a person, and the time between sessions.
        pending_duel: the data of `duel_asked` while the run waits for a person's judgement; else empty.
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
    pending_duel: Mapping[str, Any] = field(default_factory=lambda: _EMPTY)

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
        view = replace(
            self,
            run=event.run,
            number=event.number or self.number,
            at=event.at or self.at,
            seconds=self.seconds + self._elapsed(event),
            state=next_state(self.state, event),
            pending_approval=self._next_pending_approval(event),
            pending_duel=self._next_pending_duel(event),
            phase=PHASES.get(event.kind, self.phase),
            recent=(*self.recent, line)[-MAX_RECENT:] if line else self.recent,
        )
        return view._fold(event.kind, event.data)

    @property
    def candidate_count(self) -> int:
        """Proposed candidates; the baseline does not count."""
        return len(self.candidates)

    @property
    def active_count(self) -> int:
        return sum(candidate.status in _ACTIVE_STATUSES for candidate in self.candidates.values())

    @property
    def rate(self) -> float:
        """Calls a second over the whole run; 0 before there is time to divide by."""
        return self.spent.calls / self.seconds if self.seconds > 0 else 0.0

    @property
    def eta(self) -> float | None:
        """Seconds until the tightest limit is reached at the present rate; None where no limit or no rate is known."""
        used = {
            "calls": self.spent.calls,
            "target_calls": self.spent.target_calls,
            "tokens": self.spent.tokens,
            "usd": self.spent.usd,
            "minutes": self.seconds / 60,
        }
        remaining = [
            self.seconds * (limit - used[name]) / used[name]
            for name in used
            if (limit := float_field(self.budget, name)) and used[name] > 0 and self.seconds > 0
        ]
        return max(0.0, min(remaining)) if remaining and self.state == "running" else None

    @property
    def waiting_for_person(self) -> bool:
        """Whether the run waits for a person's answer; a pause comes first."""
        return self.state == "running" and bool(self.pending_approval or self.pending_duel)

    def _next_pending_approval(self, event: Event) -> Mapping[str, Any]:
        if event.kind == "approval_asked":
            return dict(event.data)
        return _EMPTY if is_answer(event, "approve") else self.pending_approval

    def _next_pending_duel(self, event: Event) -> Mapping[str, Any]:
        if event.kind == "duel_asked":
            return dict(event.data)
        return _EMPTY if is_answer(event, "prefer") else self.pending_duel

    def _elapsed(self, event: Event) -> float:
        if event.kind == "run_resumed" or self.state == "paused" or self.waiting_for_person:
            return 0.0
        before, now = parse_time(self.at), parse_time(event.at)
        return max(0.0, (now - before).total_seconds()) if before and now else 0.0

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
                measurements = self.measurements + _measurement_count(data)
                return replace(self, measurements=measurements, spent=_spending(data, self.spent))
            case "best_changed":
                return replace(self, best=_score_summary(data) or self.best)
            case "round_finished":
                view = self._set_statuses(text_list_field(data, "kept"), text_list_field(data, "dropped"))
                return replace(view, spent=_spending(data, view.spent))
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
            return self  # the baseline: nobody proposed it
        before = self.candidates.get(name) or CandidateView(id=name)
        candidate = replace(
            before,
            operator=text_field(data, "operator") or before.operator,
            parents=text_list_field(data, "parents") or before.parents,
            reason=text_field(data, "reason") or before.reason,
            status=_STATUSES[kind],
        )
        return replace(self, candidates={**self.candidates, name: candidate})

    def _apply_directive(self, data: Mapping[str, Any]) -> RunView:
        """What a directive changed: limits, and the status of candidates."""
        directive, kind = data.get("directive"), directive_kind(data)
        limits = directive.get("budget") if isinstance(directive, Mapping) else None
        if kind == "budget" and isinstance(limits, Mapping):
            return replace(self, budget={name: limit for name, limit in limits.items() if limit is not None})
        if kind not in _DIRECTIVE_STATUSES:
            return self
        changed = {
            name: replace(self.candidates[name], status=_DIRECTIVE_STATUSES[kind], reason="by a person")
            for name in text_list_field(data, "candidates")
            if name in self.candidates
        }
        return replace(self, candidates={**self.candidates, **changed})

    def _set_statuses(self, kept_ids: tuple[str, ...], dropped_ids: tuple[str, ...]) -> RunView:
        statuses: dict[str, CandidateStatus] = {
            **dict.fromkeys(kept_ids, "kept"),
            **dict.fromkeys(dropped_ids, "dropped"),
        }
        candidates = {
            name: replace(candidate, status=statuses[name])
            if name in statuses and candidate.status not in _FINAL_STATUSES
            else candidate
            for name, candidate in self.candidates.items()
        }
        return replace(self, candidates=candidates)


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
    """Ledgers only grow; a batch that was written again after a crash takes nothing back."""
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
