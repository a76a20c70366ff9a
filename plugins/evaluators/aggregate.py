"""Combines the scores of several evaluators into one scalar."""

from __future__ import annotations

from collections.abc import Sequence

from ...core.score import Score
from ...core.task import EvaluatorSpec


def aggregate_scores(specs: Sequence[EvaluatorSpec], scores: Sequence[Score]) -> float:
    """The weighted mean in [0, 1] of scores in the order of `specs`.

    A minimized value counts as 1 - value. A failure counts 0 in either direction: what could not be scored never
    looks earned. Raises ValueError where the lengths differ.
    """
    total = sum(spec.weight for spec in specs)
    if not specs:
        raise ValueError("nothing can be combined without evaluators")
    return min(1.0, sum(s.weight * _directed_value(s, score) for s, score in zip(specs, scores, strict=True)) / total)


def evaluator_names(specs: Sequence[EvaluatorSpec]) -> tuple[str, ...]:
    """A name for each evaluator under which its scores are kept; the second `regex` is `regex#2`."""
    names: list[str] = []
    for number, spec in enumerate(specs):
        before = sum(other.use == spec.use for other in specs[:number])
        names.append(f"{spec.use}#{before + 1}" if before else spec.use)
    return tuple(names)


def _directed_value(spec: EvaluatorSpec, score: Score) -> float:
    if score.failure is not None:
        return 0.0
    return score.value if spec.direction == "maximize" else 1.0 - score.value
