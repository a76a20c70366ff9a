"""A feedback controller: the correction is computed from measured errors, and only the rewording is left to a model.

After linear feedback control for prompts (arXiv 2501.11979): error = output - desired, with proportional, integral and
differential terms.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from ...agents.asks.replies import PromptReply
from ...core.asks import CALLS_PER_ASK, Ask, Case
from ...core.errors import UsageError
from ...core.protocols import NEEDS_TRAIN, Team
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
from ..algorithms.llm_helpers import main_instruction, rewrite_with_model, sample_items, task_description, user_guidance


class CorrectPrompt(Ask[PromptReply]):
    """A correction whose size and direction were computed.

    `deviations` says what is off and how it moves, the largest first; `step` how much may change.
    """

    role = "student"
    skill = "correct"
    reply = PromptReply
    reads = {"deviations": "scores", "failures": "errors", "hints": "hints"}
    task: str
    prompt: str
    step: str
    deviations: tuple[str, ...] = ()
    failures: tuple[Case, ...] = ()
    hints: tuple[str, ...] = ()


ControllerKind = Literal["P", "PI", "PD", "PID"]
# Errors below 2 points are noise on the usual number of val examples.
_DEAD_BAND = 0.02
# Fewer words cannot express a correction.
_MIN_WORDS = 5
# A change as large as the dead band counts as movement; three equal errors as a stall.
_MIN_CHANGE, _STALLED_STEPS = 0.02, 3
# Bounds of the three degrees that a model can tell apart in words.
_SLIGHT, _STRONG = 0.25, 0.6


@dataclass(kw_only=True)
class FeedbackController:
    """Rewrites the prompt against computed errors.

    The order's option `errors` holds the errors of all steps so far, oldest first, as `feedback` records them; without
    it the error of the examples in view is used. Without an error above 2 points there is no proposal.

    Args:
        kind: Terms in use: P, PI, PD or PID.
        proportional: Gain of the proportional term.
        integral: Gain of the integral term.
        differential: Gain of the differential term.
        signals: Errors described to the model, largest correction first.
        reach: Words that a correction of 1 may change or add.
        errors: Failures shown.
        count: Samples of the rewrite.
    """

    name = "controller"
    needs = NEEDS_TRAIN

    kind: ControllerKind = "PID"
    proportional: float = 1.0
    integral: float = 0.2
    differential: float = 0.5
    signals: int = 3
    reach: int = 40
    errors: int = 3
    count: int = 1

    def __post_init__(self) -> None:
        if self.kind not in ("P", "PI", "PD", "PID"):
            raise UsageError(
                f"unknown kind of controller {self.kind!r}",
                where="controller.kind",
                possible=("P", "PI", "PD", "PID"),
                remedy="name one of them",
            )

    @property
    def calls(self) -> int:
        return CALLS_PER_ASK * self.count

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        corrections = self._corrections(request)
        if not corrections:
            return []
        failures = sample_items(request.failures, self.errors, request.rng)
        words = max(_MIN_WORDS, round(self.reach * min(1.0, max(terms.size for terms in corrections.values()))))
        ask = CorrectPrompt(
            task=task_description(request.task),
            prompt=main_instruction(request),
            deviations=tuple(describe_correction(name, terms) for name, terms in corrections.items()),
            step=f"Change or add up to {words} words.",
            failures=failures,
            hints=user_guidance(request),
        )
        why = "; ".join(f"{name}: {terms.error:+.2f}, push {terms.push:+.2f}" for name, terms in corrections.items())
        return await rewrite_with_model(request, team, ask, why, count=self.count)

    def _corrections(self, request: Request) -> dict[str, ControlTerms]:
        pushed = control_terms(
            request.order.options.get("errors") or [_visible_answers(request)],
            proportional=self.proportional,
            integral=self.integral if "I" in self.kind else 0.0,
            differential=self.differential if "D" in self.kind else 0.0,
        )
        relevant = [(name, terms) for name, terms in pushed.items() if abs(terms.error) > _DEAD_BAND]
        return dict(relevant[: self.signals])


def describe_correction(signal: str, terms: ControlTerms) -> str:
    """What is off, by how much, and which way it moves, in words for the optimizer model."""
    text = f"{_describe_error(signal, terms.error)} {_describe_strength(terms.size)}"
    moved = terms.change if terms.error > 0 else -terms.change
    if moved > _MIN_CHANGE:
        return f"{text} It has grown since the last step."
    if moved < -_MIN_CHANGE:
        return f"{text} It has shrunk since the last step: go on in that direction."
    if len(terms.recent) >= _STALLED_STEPS and max(terms.recent) - min(terms.recent) <= _MIN_CHANGE:
        return f"{text} It has not moved for several steps: try something else."
    return text


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
