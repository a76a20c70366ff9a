"""What a person sees of a run: a pure function of its event log, for the terminal, the TUI and scripts alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Literal

from ..core.events import Event
from .fields import count_of, kind_of, number_of, text_of, texts_of, time_of
from .telling import tell

Phase = Literal[
    "waiting", "preparing", "measuring the start", "planning", "proposing", "measuring", "testing", "reporting", "over"
]
State = Literal["waiting", "running", "paused", "stopped", "failed", "finished"]
Fate = Literal["racing", "kept", "dropped", "rejected", "pinned", "vetoed"]

RECENT = 8
_FIXED = ("rejected", "pinned", "vetoed")
_NOTHING: Mapping[str, Any] = MappingProxyType({})

_PHASES: Mapping[str, Phase] = {
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
_HELD = frozenset({"duel_asked", "approval_asked"})
_GO_ON = frozenset({"resume", "stop"})
_STATES: Mapping[str, State] = {
    "run_paused": "paused",
    "run_stopped": "stopped",
    "run_failed": "failed",
    "run_finished": "finished",
}
_FATES: Mapping[str, Fate] = {
    "candidate_proposed": "racing",
    "candidate_rejected": "rejected",
    "candidate_kept": "kept",
    "candidate_dropped": "dropped",
}


@dataclass(frozen=True, kw_only=True)
class Born:
    """A candidate as the log tells it."""

    id: str
    operator: str = ""
    parents: tuple[str, ...] = ()
    fate: Fate = "racing"
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Standing:
    """A candidate's score in [0, 1], its 95 % interval and the rows behind it."""

    candidate: str
    score: float
    low: float | None = None
    high: float | None = None
    n: int = 0


@dataclass(frozen=True, kw_only=True)
class Spent:
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
    state: State = "waiting"
    phase: Phase = "waiting"
    started: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)
    budget: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)
    round: int = 0
    candidates: Mapping[str, Born] = field(default_factory=lambda: MappingProxyType({}))
    start: Standing | None = None
    best: Standing | None = None
    spent: Spent = Spent()
    pairs: int = 0
    unreadable: int = 0
    plan: tuple[str, ...] = ()
    asking: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)
    recent: tuple[str, ...] = ()
    report: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)
    failure: str = ""
    number: int = 0
    at: str = ""
    seconds: float = 0.0
    held: bool = False

    @classmethod
    def of(cls, events: Iterable[Event]) -> RunView:
        view = cls()
        for event in events:
            view = view.apply(event)
        return view

    def apply(self, event: Event) -> RunView:
        if event.number and event.number <= self.number:
            return self
        line = tell(event)
        after = replace(
            self,
            run=event.run,
            number=event.number or self.number,
            at=event.at or self.at,
            seconds=self.seconds + self._since(event),
            state=self._state(event),
            asking=self._asking(event),
            held=event.kind in _HELD,
            phase=_PHASES.get(event.kind, self.phase),
            recent=(*self.recent, line)[-RECENT:] if line else self.recent,
        )
        return after._with(event.kind, event.data)

    @property
    def tried(self) -> int:
        """Candidates that were proposed; the start prompt is none."""
        return len(self.candidates)

    @property
    def alive(self) -> int:
        return sum(one.fate in ("racing", "kept", "pinned") for one in self.candidates.values())

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
            if (limit := number_of(self.budget, name)) and used[name] > 0 and self.seconds > 0
        ]
        return max(0.0, min(left)) if left and self.state == "running" else None

    def _state(self, event: Event) -> State:
        """What was in flight may still be told after a pause: only a person, a new session or an end undoes it."""
        if self.state == "paused" and event.kind not in _STATES and event.kind != "run_resumed":
            return "running" if event.kind == "directive_applied" and kind_of(event.data) in _GO_ON else "paused"
        return _STATES.get(event.kind, "running")

    def _asking(self, event: Event) -> Mapping[str, Any]:
        if event.kind == "approval_asked":
            return dict(event.data)
        answered = event.kind == "directive_applied" and kind_of(event.data) in ("approve", "stop")
        return _NOTHING if answered or event.kind in _STATES or event.kind == "round_started" else self.asking

    def _since(self, event: Event) -> float:
        if event.kind == "run_resumed" or self.state == "paused" or self.held:
            return 0.0
        then, now = time_of(self.at), time_of(event.at)
        return max(0.0, (now - then).total_seconds()) if then and now else 0.0

    def _with(self, kind: str, data: Mapping[str, Any]) -> RunView:
        match kind:
            case "run_started":
                limits = data.get("budget")
                return replace(self, started=dict(data), budget=dict(limits) if isinstance(limits, Mapping) else {})
            case "baseline_measured":
                start = _standing(data) or self.start
                return replace(self, start=start, best=self.best or start)
            case "plan_made":
                return replace(self, plan=texts_of(data, "steps"))
            case "round_started":
                return replace(self, round=count_of(data, "round", self.round))
            case "candidate_proposed" | "candidate_rejected" | "candidate_kept" | "candidate_dropped":
                return self._meet(kind, data)
            case "batch_finished":
                return replace(self, pairs=self.pairs + _pairs(data), spent=_spent(data, self.spent))
            case "best_changed":
                return replace(self, best=_standing(data) or self.best)
            case "round_finished":
                judged = self._judge(texts_of(data, "kept"), texts_of(data, "dropped"))
                return replace(judged, spent=_spent(data, judged.spent))
            case "directive_applied":
                return self._told(data)
            case "answer_unreadable":
                return replace(self, unreadable=self.unreadable + 1)
            case "report_written":
                return replace(self, report=dict(data), spent=_spent(data, self.spent))
            case "run_failed" | "run_resumed":
                return replace(self, failure=text_of(data, "reason") if kind == "run_failed" else "")
        return replace(self, spent=_spent(data, self.spent))

    def _meet(self, kind: str, data: Mapping[str, Any]) -> RunView:
        name = data.get("candidate")
        if not isinstance(name, str):
            return self
        if name not in self.candidates and kind in ("candidate_kept", "candidate_dropped"):
            return self  # the start prompt: nobody proposed it
        known = self.candidates.get(name) or Born(id=name)
        told = replace(
            known,
            operator=text_of(data, "operator") or known.operator,
            parents=texts_of(data, "parents") or known.parents,
            reason=text_of(data, "reason") or known.reason,
            fate=_FATES[kind],
        )
        return replace(self, candidates={**self.candidates, name: told})

    def _told(self, data: Mapping[str, Any]) -> RunView:
        """What a person's word changed: limits, and the fate of candidates."""
        directive, kind = data.get("directive"), kind_of(data)
        limits = directive.get("budget") if isinstance(directive, Mapping) else None
        if kind == "budget" and isinstance(limits, Mapping):
            return replace(self, budget={name: limit for name, limit in limits.items() if limit is not None})
        fates: Mapping[str, Fate] = {"pin": "pinned", "veto": "vetoed"}
        if kind not in fates:
            return self
        changed = {
            name: replace(self.candidates[name], fate=fates[kind], reason="by a person")
            for name in texts_of(data, "candidates")
            if name in self.candidates
        }
        return replace(self, candidates={**self.candidates, **changed})

    def _judge(self, kept: tuple[str, ...], dropped: tuple[str, ...]) -> RunView:
        fates: dict[str, Fate] = {**dict.fromkeys(kept, "kept"), **dict.fromkeys(dropped, "dropped")}
        told = {
            name: replace(one, fate=fates[name]) if name in fates and one.fate not in _FIXED else one
            for name, one in self.candidates.items()
        }
        return replace(self, candidates=told)


def _standing(data: Mapping[str, Any]) -> Standing | None:
    score = number_of(data, "score")
    if score is None:
        return None
    return Standing(
        candidate=text_of(data, "candidate"),
        score=score,
        low=number_of(data, "low"),
        high=number_of(data, "high"),
        n=count_of(data, "n", 0),
    )


def _spent(data: Mapping[str, Any], before: Spent) -> Spent:
    """Ledgers only grow; a batch that was told again after a crash takes nothing back."""
    ledger = data.get("ledger")
    if not isinstance(ledger, Mapping):
        return before
    return Spent(
        target_calls=max(before.target_calls, count_of(ledger, "target_calls", 0)),
        optimizer_calls=max(before.optimizer_calls, count_of(ledger, "optimizer_calls", 0)),
        tokens=max(before.tokens, count_of(ledger, "tokens", 0)),
        usd=max(before.usd, number_of(ledger, "usd") or 0.0),
    )


def _pairs(data: Mapping[str, Any]) -> int:
    pairs = data.get("pairs")
    return len(pairs) if isinstance(pairs, list | tuple) else count_of(data, "pairs", 0)
