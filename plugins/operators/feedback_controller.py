"""A controller's step: errors are computed from what was measured, and only the rewording is left to an author.

After linear feedback control for prompts (arXiv 2501.11979): error = output - desired, with proportional, integral and
differential terms.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from ...agents.asks.control import CorrectPrompt
from ...core.errors import UsageError
from ...core.protocols import Need, Team
from ...core.search_types import Proposal, Request
from ..algorithms.error_signals import (
    LABEL,
    LENGTH,
    UNREADABLE,
    WRONG,
    AnswerComparison,
    ControlTerms,
    control_terms,
    error_signals,
)
from ..algorithms.llm_helpers import (
    CALLS_PER_ASK,
    main_instruction,
    rewrite_with_model,
    sample_items,
    task_description,
    user_guidance,
)

ControllerKind = Literal["P", "PI", "PD", "PID"]
_DEAD_BAND = 0.02
_LEAST_STEP = 5
_MOVED, _STEPS = 0.02, 3
_SLIGHT, _STRONG = 0.25, 0.6


@dataclass(kw_only=True)
class FeedbackController:
    """kind: which terms count. proportional, integral, differential: their gains. signals: deviations told, the
    strongest first. reach: words that a push of 1 lets change or add. errors: failures shown. count: draws.

    The order's option `errors` holds the errors at all steps so far, oldest first, as `feedback` gives them; without
    it the error of the rows in view is all there is. Nothing off by more than 2 points, no proposals.
    """

    kind: ControllerKind = "PID"
    proportional: float = 1.0
    integral: float = 0.2
    differential: float = 0.5
    signals: int = 3
    reach: int = 40
    errors: int = 3
    count: int = 1
    name: str = field(default="controller", init=False)
    needs: frozenset[Need] = field(default=frozenset({"train"}), init=False)
    calls: int = field(init=False)

    def __post_init__(self) -> None:
        if self.kind not in ("P", "PI", "PD", "PID"):
            raise UsageError(
                f"there is no controller of kind {self.kind!r}",
                where="controller.kind",
                possible=("P", "PI", "PD", "PID"),
                remedy="name one of them",
            )
        self.calls = CALLS_PER_ASK * self.count

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        corrections = self._corrections(request)
        if not corrections:
            return []
        shown = sample_items(request.failures, self.errors, request.rng)
        words = max(_LEAST_STEP, round(self.reach * min(1.0, max(one.size for one in corrections.values()))))
        ask = CorrectPrompt(
            task=task_description(request.task),
            prompt=main_instruction(request),
            deviations=tuple(describe_correction(name, one) for name, one in corrections.items()),
            step=f"Change or add up to {words} words.",
            failures=shown,
            hints=user_guidance(request),
        )
        why = "; ".join(f"{name}: {one.error:+.2f}, push {one.push:+.2f}" for name, one in corrections.items())
        return await rewrite_with_model(request, team, ask, why, count=self.count)

    def _corrections(self, request: Request) -> dict[str, ControlTerms]:
        pushed = control_terms(
            request.order.options.get("errors") or [_visible_answers(request)],
            proportional=self.proportional,
            integral=self.integral if "I" in self.kind else 0.0,
            differential=self.differential if "D" in self.kind else 0.0,
        )
        kept = [(name, one) for name, one in pushed.items() if abs(one.error) > _DEAD_BAND]
        return dict(kept[: self.signals])


def describe_correction(signal: str, one: ControlTerms) -> str:
    """What is off, by how much and which way it moves, as an author is told it."""
    said = f"{_describe_error(signal, one.error)} {_describe_strength(one.size)}"
    moved = one.change if one.error > 0 else -one.change
    if moved > _MOVED:
        return f"{said} It has grown since the last step."
    if moved < -_MOVED:
        return f"{said} It has shrunk since the last step: go on in that direction."
    if len(one.recent) >= _STEPS and max(one.recent) - min(one.recent) <= _MOVED:
        return f"{said} It has not moved for several steps: try something else."
    return said


def _describe_error(signal: str, error: float) -> str:
    if signal == WRONG:
        return f"{error:.0%} of the answers are wrong."
    if signal == UNREADABLE:
        return f"{error:.0%} of the answers do not have the wanted form."
    if signal == LENGTH:
        return f"The answers are too {'long' if error > 0 else 'short'}, by {abs(error):.0%}."
    label = signal.removeprefix(LABEL)
    return (
        f'The answer "{label}" is given too {"often" if error > 0 else "seldom"}, by {abs(error):.0%} of all answers.'
    )


def _describe_strength(size: float) -> str:
    return "Correct it slightly." if size < _SLIGHT else "Correct it." if size < _STRONG else "Correct it strongly."


def _visible_answers(request: Request) -> Mapping[str, float]:
    contract = request.task.answer
    cases: Sequence[AnswerComparison] = [
        *(AnswerComparison.from_case(case, 0.0, contract) for case in request.failures),
        *(AnswerComparison.from_case(case, 1.0, contract) for case in request.successes),
    ]
    return error_signals(cases)
