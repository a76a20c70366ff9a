"""How far a prompt's answers are from the desired ones, as numbers, and the output of a linear controller."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Self

from ...core.answer import AnswerContract
from ...core.asks import Case
from ...core.dataset import Example
from ...core.label_reader import normalize_answer
from ...core.score import Evaluation
from ...core.words import length_in_words

WRONG, UNREADABLE, LENGTH, LABEL = "wrong", "unreadable", "length", "label "
# With more labels each share is too small to steer by.
_MAX_LABELS = 6
# Anti-windup: the sum is limited to twice the largest possible error.
_MAX_INTEGRAL = 2.0
# As many as a stall is judged by.
_RECENT_STEPS = 3


@dataclass(frozen=True, kw_only=True)
class AnswerComparison:
    """One answer and its reference."""

    answer: str
    reference: str
    score: float
    readable: bool

    @classmethod
    def from_evaluation(cls, evaluation: Evaluation, example: Example) -> Self:
        readable = evaluation.answer is not None and evaluation.failure != "format"
        answer_text = evaluation.output if evaluation.answer is None else evaluation.answer
        return cls(answer=answer_text, reference=example.output or "", score=evaluation.score, readable=readable)

    @classmethod
    def from_case(cls, case: Case, score: float, contract: AnswerContract) -> Self:
        answer = contract.read_answer(case.output)
        answer_text = case.output if answer is None else answer
        return cls(answer=answer_text, reference=case.expected, score=score, readable=answer is not None)


def error_signals(comparisons: Sequence[AnswerComparison]) -> dict[str, float]:
    """Signal → error in [-1, 1], output minus desired; empty without answers.

    wrong, unreadable: shares, desired 0. length: (answer - reference) / the longer, in words. `label X`: the share of X
    among the answers minus its share among the references, if these are a few labels.
    """
    if not comparisons:
        return {}
    errors = {
        WRONG: 1 - fmean(comparison.score for comparison in comparisons),
        UNREADABLE: fmean(not comparison.readable for comparison in comparisons),
    }
    rated = [
        (length_in_words(comparison.answer), length_in_words(comparison.reference))
        for comparison in comparisons
        if comparison.reference
    ]
    if rated:
        answer_words, reference_words = (fmean(column) for column in zip(*rated, strict=True))
        errors[LENGTH] = (answer_words - reference_words) / max(answer_words, reference_words, 1.0)
    labels = Counter(normalize_answer(comparison.reference) for comparison in comparisons if comparison.reference)
    if 2 <= len(labels) <= _MAX_LABELS and len(comparisons) >= 2 * len(labels):
        answer_counts = Counter(normalize_answer(comparison.answer) for comparison in comparisons)
        errors |= {
            f"{LABEL}{name}": (answer_counts[name] - count) / len(comparisons) for name, count in sorted(labels.items())
        }
    return {name: round(error, 4) for name, error in errors.items()}


@dataclass(frozen=True, kw_only=True)
class ControlTerms:
    """The terms of one signal.

    Attributes:
        error: The present error.
        total: Its sum over all steps.
        change: Its last change.
        push: The weighted sum of the three.
        recent: Errors of the last steps, at most three, the present one last.
    """

    error: float
    total: float
    change: float
    push: float
    recent: tuple[float, ...] = ()

    @property
    def size(self) -> float:
        """How hard to push against the error, >= 0; 0 where the terms say to hold back, as while it falls fast."""
        return max(0.0, self.push if self.error > 0 else -self.push)


def control_terms(
    errors: Sequence[Mapping[str, float]], *, proportional: float, integral: float, differential: float
) -> dict[str, ControlTerms]:
    """Signal → terms, for the signals of the last step, strongest push against an error first.

    errors: of all steps, oldest first. The sum is limited to [-2, 2], so that a long past cannot outweigh the present.
    """
    if not errors:
        return {}
    terms = {}
    for name, error in errors[-1].items():
        total = 0.0
        for step_errors in errors:
            total = max(-_MAX_INTEGRAL, min(_MAX_INTEGRAL, total + step_errors.get(name, 0.0)))
        change = error - errors[-2].get(name, error) if len(errors) > 1 else 0.0
        push = proportional * error + integral * total + differential * change
        recent = tuple(step_errors.get(name, 0.0) for step_errors in errors[-_RECENT_STEPS:])
        terms[name] = ControlTerms(error=error, total=total, change=change, push=push, recent=recent)
    return dict(sorted(terms.items(), key=lambda pair: -pair[1].size))
