"""How far a prompt's answers are from what is desired, as numbers, and what a linear controller makes of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Self

from ...core.answer import AnswerContract, normalize_answer
from ...core.asks import Case
from ...core.dataset import Example
from ...core.score import Evaluation

WRONG, UNREADABLE, LENGTH, LABEL = "wrong", "unreadable", "length", "label "
_MOST_LABELS = 6
_WINDUP = 2.0
_RECENT = 3


@dataclass(frozen=True, kw_only=True)
class AnswerComparison:
    """One answer and what was wanted. said: the answer as the contract read it, or the output where it read none."""

    said: str
    wanted: str
    score: float
    readable: bool

    @classmethod
    def from_evaluation(cls, seen: Evaluation, example: Example) -> Self:
        readable = seen.answer is not None and seen.failure != "format"
        said = seen.output if seen.answer is None else seen.answer
        return cls(said=said, wanted=example.output or "", score=seen.score, readable=readable)

    @classmethod
    def from_case(cls, case: Case, score: float, contract: AnswerContract) -> Self:
        answer = contract.read_answer(case.output)
        said = case.output if answer is None else answer
        return cls(said=said, wanted=case.expected, score=score, readable=answer is not None)


def error_signals(seen: Sequence[AnswerComparison]) -> dict[str, float]:
    """Signal → error in [-1, 1], output minus desired; nothing where nothing was seen.

    wrong, unreadable: shares, desired 0. length: (said - wanted) / the longer, in words. `label X`: the share of X
    among the answers minus its share among the references, where these are a few labels.
    """
    if not seen:
        return {}
    told = {WRONG: 1 - fmean(one.score for one in seen), UNREADABLE: fmean(not one.readable for one in seen)}
    rated = [(len(one.said.split()), len(one.wanted.split())) for one in seen if one.wanted]
    if rated:
        said, wanted = (fmean(column) for column in zip(*rated, strict=True))
        told[LENGTH] = (said - wanted) / max(said, wanted, 1.0)
    labels = Counter(normalize_answer(one.wanted) for one in seen if one.wanted)
    if 2 <= len(labels) <= _MOST_LABELS and len(seen) >= 2 * len(labels):
        given = Counter(normalize_answer(one.said) for one in seen)
        told |= {f"{LABEL}{name}": (given[name] - count) / len(seen) for name, count in sorted(labels.items())}
    return {name: round(error, 4) for name, error in told.items()}


@dataclass(frozen=True, kw_only=True)
class ControlTerms:
    """One signal's terms: the present error, its sum over all steps, its last change, and their weighted sum. recent:
    the errors of the last steps, at most three, the present one last."""

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
    """Signal → correction, for the signals of the last step, the strongest push against an error first.

    errors: of all steps, oldest first. The sum is held within [-2, 2], so that a long past cannot drown the present.
    """
    if not errors:
        return {}
    made = {}
    for name, error in errors[-1].items():
        total = 0.0
        for one in errors:
            total = max(-_WINDUP, min(_WINDUP, total + one.get(name, 0.0)))
        change = error - errors[-2].get(name, error) if len(errors) > 1 else 0.0
        push = proportional * error + integral * total + differential * change
        recent = tuple(one.get(name, 0.0) for one in errors[-_RECENT:])
        made[name] = ControlTerms(error=error, total=total, change=change, push=push, recent=recent)
    return dict(sorted(made.items(), key=lambda pair: -pair[1].size))
