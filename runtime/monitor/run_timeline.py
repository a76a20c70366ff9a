"""Bounded projection of the event log for live displays: run view, dialogue, best-score curve, active operators.

Pure: extending by parts equals building from the whole log, so a replay shows what a live screen showed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from ...core.events import Event
from .event_fields import text_field, text_list_field
from .event_messages import message_for
from .run_view import CandidateView, RunView

MAX_TURNS = 200
MAX_LINES = 500
MAX_CURVE_POINTS = 256
MAX_ACTIVE_OPERATORS = 64
MAX_THROUGHPUT_SAMPLES = 64

_ROUND_ENDS = frozenset({"run_stopped", "run_failed", "run_finished", "round_finished", "run_resumed"})
_DIALOGUE_KINDS = ("agent_spoke", "answer_unreadable")


@dataclass(frozen=True, kw_only=True, slots=True)
class DialogueEntry:
    """What an optimizer model wrote. readable: whether its answer could be parsed."""

    number: int
    step: int
    role: str
    skill: str
    text: str
    at: str = ""
    readable: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class LogLine:
    """One event in words."""

    number: int
    at: str
    kind: str
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class CurvePoint:
    """The best score, from this number of calls on."""

    calls: int
    score: float


@dataclass(frozen=True, kw_only=True, slots=True)
class ActiveOperator:
    """An operator at work on its parents."""

    operator: str
    parents: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class DirectiveStatus:
    """A directive that the run applied or refused, with the reason."""

    number: int
    kind: str
    applied: bool
    reason: str = ""
    subject: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ThroughputSample:
    """The calls made after so many seconds of the run."""

    seconds: float
    calls: int


@dataclass(frozen=True, kw_only=True)
class RunTimeline:
    """A run for live displays. Every list is bounded.

    Attributes:
        view: the run view.
        step: of the newest event.
        plan_index: the step of the plan that the round works on; None without a plan.
        turns: the newest dialogue entries, oldest first.
        lines: the newest log lines, oldest first.
        curve: the best score over calls.
        active_operators: by step and place.
        directives: the newest ones that were applied or refused, oldest first.
        throughput: calls over time, for the rate.
    """

    view: RunView = field(default_factory=RunView)
    step: int = 0
    plan_index: int | None = None
    turns: tuple[DialogueEntry, ...] = ()
    lines: tuple[LogLine, ...] = ()
    curve: tuple[CurvePoint, ...] = ()
    active_operators: Mapping[str, ActiveOperator] = field(default_factory=lambda: MappingProxyType({}))
    directives: tuple[DirectiveStatus, ...] = ()
    throughput: tuple[ThroughputSample, ...] = ()

    @classmethod
    def from_events(cls, events: Iterable[Event]) -> RunTimeline:
        return cls().extend(events)

    def extend(self, events: Iterable[Event]) -> RunTimeline:
        """The timeline with more of the log; events that are in it already change nothing."""
        view, step, plan_index = self.view, self.step, self.plan_index
        turns, lines, directives = list(self.turns), list(self.lines), list(self.directives)
        curve, throughput, active_operators = list(self.curve), list(self.throughput), dict(self.active_operators)
        for event in events:
            if event.number and event.number <= view.number:
                continue
            view = view.apply(event)
            step = max(step, event.step)
            if text := message_for(event):
                lines.append(LogLine(number=event.number, at=event.at, kind=event.kind, text=text))
            if event.kind in _DIALOGUE_KINDS:
                turns.append(_dialogue_entry(event))
            elif event.kind in ("directive_applied", "directive_refused"):
                directives.append(_directive_status(event))
            elif event.kind in ("baseline_measured", "best_changed") and view.best is not None:
                _append_point(curve, CurvePoint(calls=view.spent.calls, score=view.best.score))
            elif event.kind in ("round_started", "plan_made"):
                plan_index = _plan_index(view, event)
            _track_operator(active_operators, event)
            if not throughput or view.spent.calls != throughput[-1].calls:
                throughput.append(ThroughputSample(seconds=view.seconds, calls=view.spent.calls))
        return replace(
            self,
            view=view,
            step=step,
            plan_index=plan_index,
            turns=tuple(turns[-MAX_TURNS:]),
            lines=tuple(lines[-MAX_LINES:]),
            curve=tuple(curve),
            active_operators=active_operators,
            directives=tuple(directives[-MAX_TURNS:]),
            throughput=tuple(throughput[-MAX_THROUGHPUT_SAMPLES:]),
        )

    @property
    def candidates(self) -> Mapping[str, CandidateView]:
        """All candidates, the baseline first. Nobody proposed it, so it is known by its score or as a parent."""
        proposed = self.view.candidates
        baseline = self.view.start.candidate if self.view.start else ""
        if not baseline:
            parents = (parent for candidate in proposed.values() for parent in candidate.parents)
            baseline = next((parent for parent in parents if parent not in proposed), "")
        if not baseline:
            active = (parent for operator in self.active_operators.values() for parent in operator.parents[:1])
            baseline = next(active, "")
        if not baseline or baseline in proposed:
            return proposed
        return {baseline: CandidateView(id=baseline, operator="start", status="kept"), **proposed}

    @property
    def rate(self) -> float:
        """Recent calls a second; over the whole run where there are too few samples."""
        if len(self.throughput) < 3:
            return self.view.rate
        first, last = self.throughput[0], self.throughput[-1]
        seconds = last.seconds - first.seconds
        return (last.calls - first.calls) / seconds if seconds > 0 else self.view.rate


def _dialogue_entry(event: Event) -> DialogueEntry:
    data = event.data
    return DialogueEntry(
        number=event.number,
        step=event.step,
        role=text_field(data, "role"),
        skill=text_field(data, "skill"),
        text=text_field(data, "text"),
        at=event.at,
        readable=event.kind == "agent_spoke",
    )


def _directive_status(event: Event) -> DirectiveStatus:
    value, number = event.data.get("directive"), event.data.get("number")
    directive = value if isinstance(value, Mapping) else {}
    subjects = (key for key in ("candidate", "text", "example", "when") if key in directive)
    return DirectiveStatus(
        number=number if isinstance(number, int) and not isinstance(number, bool) else 0,
        kind=text_field(directive, "kind"),
        applied=event.kind == "directive_applied",
        reason=text_field(event.data, "reason"),
        subject=next((text_field(directive, key) for key in subjects), ""),
    )


def _append_point(curve: list[CurvePoint], point: CurvePoint) -> None:
    """Add a point; a curve that is too long loses every second one, but never its ends."""
    if curve and curve[-1].calls == point.calls:
        curve.pop()
    curve.append(point)
    if len(curve) > MAX_CURVE_POINTS:
        curve[1:-1] = curve[1:-1:2]


def _track_operator(active_operators: dict[str, ActiveOperator], event: Event) -> None:
    request = f"{event.step}:{event.key.rpartition(':')[2]}"
    if event.kind == "request_started":
        active_operators[request] = ActiveOperator(
            operator=text_field(event.data, "operator"), parents=text_list_field(event.data, "parents")
        )
        while len(active_operators) > MAX_ACTIVE_OPERATORS:
            active_operators.pop(next(iter(active_operators)))
    elif event.kind == "request_finished":
        active_operators.pop(request, None)
    elif event.kind in _ROUND_ENDS:
        active_operators.clear()


def _plan_index(view: RunView, event: Event) -> int | None:
    """The step that the orders name, else the one that the number of the round points to; None without a plan."""
    value = event.data.get("orders")
    orders = [order for order in value if isinstance(order, Mapping)] if isinstance(value, list | tuple) else []
    goals = [goal for order in orders if isinstance(goal := order.get("goal"), str) and goal in view.plan]
    if goals:
        return view.plan.index(goals[0])
    return (max(view.round, 1) - 1) % len(view.plan) if view.plan else None
