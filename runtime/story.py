"""A run as those who watch it want it told: the view, what was said, the curve of the best, what is at work.

A pure function of the event log, like the view in it: `Story.of(a).extend(b)` is `Story.of([*a, *b])`, so that a
replay shows what a live screen showed. Every list is bounded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from ..core.events import Event
from .telling import tell
from .view import RunView

TURNS = 200
LINES = 500
POINTS = 256
ERRANDS = 64
PULSES = 64

_OVER = frozenset({"run_stopped", "run_failed", "run_finished", "round_finished", "run_resumed"})
_SPOKEN = ("agent_spoke", "answer_unreadable")


@dataclass(frozen=True, kw_only=True, slots=True)
class Turn:
    """What an agent said. readable is false where its answer could not be read."""

    number: int
    step: int
    role: str
    skill: str
    text: str
    at: str = ""
    readable: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One fact in words."""

    number: int
    at: str
    kind: str
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Point:
    """The best score, from so many calls on."""

    calls: int
    score: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Errand:
    """An operator at work on its parents."""

    operator: str
    parents: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Heard:
    """A directive that a run took or refused, with the reason."""

    number: int
    kind: str
    taken: bool
    reason: str = ""
    subject: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pulse:
    """So many calls at so many seconds of the run."""

    seconds: float
    calls: int


@dataclass(frozen=True, kw_only=True)
class Story:
    """step: of the newest event. goal: the place in the plan that the round works on, None where there is no plan.

    lines, turns, heard: the newest of each, oldest first. curve: rises and falls of the best over calls.
    """

    view: RunView = field(default_factory=RunView)
    step: int = 0
    goal: int | None = None
    turns: tuple[Turn, ...] = ()
    lines: tuple[Line, ...] = ()
    curve: tuple[Point, ...] = ()
    errands: Mapping[str, Errand] = field(default_factory=lambda: MappingProxyType({}))
    heard: tuple[Heard, ...] = ()
    pulses: tuple[Pulse, ...] = ()

    @classmethod
    def of(cls, events: Iterable[Event]) -> Story:
        return cls().extend(events)

    def extend(self, events: Iterable[Event]) -> Story:
        """The story so far with more of the log; what it has heard already changes nothing."""
        view, step, goal = self.view, self.step, self.goal
        turns, lines, heard = list(self.turns), list(self.lines), list(self.heard)
        curve, pulses, errands = list(self.curve), list(self.pulses), dict(self.errands)
        for event in events:
            if event.number and event.number <= view.number:
                continue
            view = view.apply(event)
            step = max(step, event.step)
            if text := tell(event):
                lines.append(Line(number=event.number, at=event.at, kind=event.kind, text=text))
            if event.kind in _SPOKEN:
                turns.append(_turn(event))
            elif event.kind in ("directive_applied", "directive_refused"):
                heard.append(_heard(event))
            elif event.kind in ("baseline_measured", "best_changed") and view.best is not None:
                _climb(curve, Point(calls=view.spent.calls, score=view.best.score))
            elif event.kind in ("round_started", "plan_made"):
                goal = _goal(view, event)
            _work(errands, event)
            if not pulses or view.spent.calls != pulses[-1].calls:
                pulses.append(Pulse(seconds=view.seconds, calls=view.spent.calls))
        return replace(
            self,
            view=view,
            step=step,
            goal=goal,
            turns=tuple(turns[-TURNS:]),
            lines=tuple(lines[-LINES:]),
            curve=tuple(curve),
            errands=errands,
            heard=tuple(heard[-TURNS:]),
            pulses=tuple(pulses[-PULSES:]),
        )

    @property
    def rate(self) -> float:
        """Calls a second of late; over the whole run where too little was seen."""
        if len(self.pulses) < 3:
            return self.view.rate
        first, last = self.pulses[0], self.pulses[-1]
        took = last.seconds - first.seconds
        return (last.calls - first.calls) / took if took > 0 else self.view.rate


def _turn(event: Event) -> Turn:
    data = event.data
    return Turn(
        number=event.number,
        step=event.step,
        role=_said(data, "role"),
        skill=_said(data, "skill"),
        text=_said(data, "text"),
        at=event.at,
        readable=event.kind == "agent_spoke",
    )


def _heard(event: Event) -> Heard:
    told = event.data.get("directive")
    inner = told if isinstance(told, Mapping) else {}
    subject = next((_said(inner, key) for key in ("candidate", "text", "example", "when") if key in inner), "")
    number = event.data.get("number")
    return Heard(
        number=number if isinstance(number, int) and not isinstance(number, bool) else 0,
        kind=_said(inner, "kind"),
        taken=event.kind == "directive_applied",
        reason=_said(event.data, "reason"),
        subject=subject,
    )


def _climb(curve: list[Point], point: Point) -> None:
    """Add a point; a curve that grew too long loses every second one, but never its ends."""
    if curve and curve[-1].calls == point.calls:
        curve.pop()
    curve.append(point)
    if len(curve) > POINTS:
        curve[1:-1] = curve[1:-1:2]


def _work(errands: dict[str, Errand], event: Event) -> None:
    place = f"{event.step}:{event.key.rpartition(':')[2]}"
    if event.kind == "request_started":
        parents = event.data.get("parents")
        named = tuple(str(one) for one in parents) if isinstance(parents, list | tuple) else ()
        errands[place] = Errand(operator=_said(event.data, "operator"), parents=named)
        while len(errands) > ERRANDS:
            errands.pop(next(iter(errands)))
    elif event.kind == "request_finished":
        errands.pop(place, None)
    elif event.kind in _OVER:
        errands.clear()


def _goal(view: RunView, event: Event) -> int | None:
    """The step that the orders name; the first of a plan that was just made."""
    orders = event.data.get("orders")
    named = [one.get("goal") for one in orders if isinstance(one, Mapping)] if isinstance(orders, list | tuple) else []
    places = [view.plan.index(goal) for goal in named if isinstance(goal, str) and goal in view.plan]
    if places:
        return places[0]
    return (max(view.round, 1) - 1) % len(view.plan) if view.plan else None


def _said(data: Mapping[str, Any], key: str) -> str:
    value = data.get(key)
    return value if isinstance(value, str) else ""
