"""A run as those who watch it want it told: the view, what was said, the curve of the best, what is at work.

A pure function of the event log, like the view in it: `Story.of(a).extend(b)` is `Story.of([*a, *b])`, so that a
replay shows what a live screen showed. Every list is bounded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from ...core.events import Event
from .event_messages import message_for
from .run_view import RunView

MAX_TURNS = 200
MAX_LINES = 500
MAX_CURVE_POINTS = 256
MAX_ACTIVE_OPERATORS = 64
MAX_THROUGHPUT_SAMPLES = 64

_ROUND_ENDS = frozenset({"run_stopped", "run_failed", "run_finished", "round_finished", "run_resumed"})
_DIALOGUE_KINDS = ("agent_spoke", "answer_unreadable")


@dataclass(frozen=True, kw_only=True, slots=True)
class DialogueEntry:
    """What an agent said. readable is false where its answer could not be read."""

    number: int
    step: int
    role: str
    skill: str
    text: str
    at: str = ""
    readable: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class LogLine:
    """One fact in words."""

    number: int
    at: str
    kind: str
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class CurvePoint:
    """The best score, from so many calls on."""

    calls: int
    score: float


@dataclass(frozen=True, kw_only=True, slots=True)
class ActiveOperator:
    """An operator at work on its parents."""

    operator: str
    parents: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class DirectiveStatus:
    """A directive that a run took or refused, with the reason."""

    number: int
    kind: str
    applied: bool
    reason: str = ""
    subject: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ThroughputSample:
    """So many calls at so many seconds of the run."""

    seconds: float
    calls: int


@dataclass(frozen=True, kw_only=True)
class RunTimeline:
    """step: of the newest event. goal: the place in the plan that the round works on, None where there is no plan.

    lines, turns, heard: the newest of each, oldest first. curve: rises and falls of the best over calls.
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
        """The story so far with more of the log; what it has heard already changes nothing."""
        view, step, goal = self.view, self.step, self.plan_index
        turns, lines, heard = list(self.turns), list(self.lines), list(self.directives)
        curve, pulses, errands = list(self.curve), list(self.throughput), dict(self.active_operators)
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
                heard.append(_directive_status(event))
            elif event.kind in ("baseline_measured", "best_changed") and view.best is not None:
                _append_point(curve, CurvePoint(calls=view.spent.calls, score=view.best.score))
            elif event.kind in ("round_started", "plan_made"):
                goal = _plan_index(view, event)
            _track_operator(errands, event)
            if not pulses or view.spent.calls != pulses[-1].calls:
                pulses.append(ThroughputSample(seconds=view.seconds, calls=view.spent.calls))
        return replace(
            self,
            view=view,
            step=step,
            plan_index=goal,
            turns=tuple(turns[-MAX_TURNS:]),
            lines=tuple(lines[-MAX_LINES:]),
            curve=tuple(curve),
            active_operators=errands,
            directives=tuple(heard[-MAX_TURNS:]),
            throughput=tuple(pulses[-MAX_THROUGHPUT_SAMPLES:]),
        )

    @property
    def rate(self) -> float:
        """Calls a second of late; over the whole run where too little was seen."""
        if len(self.throughput) < 3:
            return self.view.rate
        first, last = self.throughput[0], self.throughput[-1]
        took = last.seconds - first.seconds
        return (last.calls - first.calls) / took if took > 0 else self.view.rate


def _dialogue_entry(event: Event) -> DialogueEntry:
    data = event.data
    return DialogueEntry(
        number=event.number,
        step=event.step,
        role=_text(data, "role"),
        skill=_text(data, "skill"),
        text=_text(data, "text"),
        at=event.at,
        readable=event.kind == "agent_spoke",
    )


def _directive_status(event: Event) -> DirectiveStatus:
    told = event.data.get("directive")
    inner = told if isinstance(told, Mapping) else {}
    subject = next((_text(inner, key) for key in ("candidate", "text", "example", "when") if key in inner), "")
    number = event.data.get("number")
    return DirectiveStatus(
        number=number if isinstance(number, int) and not isinstance(number, bool) else 0,
        kind=_text(inner, "kind"),
        applied=event.kind == "directive_applied",
        reason=_text(event.data, "reason"),
        subject=subject,
    )


def _append_point(curve: list[CurvePoint], point: CurvePoint) -> None:
    """Add a point; a curve that grew too long loses every second one, but never its ends."""
    if curve and curve[-1].calls == point.calls:
        curve.pop()
    curve.append(point)
    if len(curve) > MAX_CURVE_POINTS:
        curve[1:-1] = curve[1:-1:2]


def _track_operator(errands: dict[str, ActiveOperator], event: Event) -> None:
    place = f"{event.step}:{event.key.rpartition(':')[2]}"
    if event.kind == "request_started":
        parents = event.data.get("parents")
        named = tuple(str(one) for one in parents) if isinstance(parents, list | tuple) else ()
        errands[place] = ActiveOperator(operator=_text(event.data, "operator"), parents=named)
        while len(errands) > MAX_ACTIVE_OPERATORS:
            errands.pop(next(iter(errands)))
    elif event.kind == "request_finished":
        errands.pop(place, None)
    elif event.kind in _ROUND_ENDS:
        errands.clear()


def _plan_index(view: RunView, event: Event) -> int | None:
    """The step that the orders name; the first of a plan that was just made."""
    orders = event.data.get("orders")
    named = [one.get("goal") for one in orders if isinstance(one, Mapping)] if isinstance(orders, list | tuple) else []
    places = [view.plan.index(goal) for goal in named if isinstance(goal, str) and goal in view.plan]
    if places:
        return places[0]
    return (max(view.round, 1) - 1) % len(view.plan) if view.plan else None


def _text(data: Mapping[str, Any], key: str) -> str:
    value = data.get(key)
    return value if isinstance(value, str) else ""
