"""What each operator brought: the credit of its children, for strategies that share rounds among operators."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from statistics import mean

from ...core.candidate import Candidate
from ...core.search_types import Search

# Three children without gain as a prior: one lucky child does not decide.
GAIN_PRIOR = 3.0


def shrunken_mean(gains: list[float]) -> float:
    """The mean of the gains and of `GAIN_PRIOR` zeros."""
    return sum(gains) / (len(gains) + GAIN_PRIOR)


def gains_over_parents(search: Search, scores: Mapping[str, float]) -> dict[str, list[float]]:
    """Operator → the gains of its children over their first parents. scores: candidate id → score, in [0, 1]."""
    gains: dict[str, list[float]] = {name: [] for name in search.operators}
    for candidate in _children(search, scores):
        if candidate.parents and candidate.parents[0] in scores:
            gains[candidate.operator].append(scores[candidate.id] - scores[candidate.parents[0]])
    return gains


def gains_over_leaders(search: Search, scores: Mapping[str, float]) -> dict[str, list[float]]:
    """Operator → the gains of its children over the best of earlier rounds.

    The children of the first round are compared with their mean: against a baseline that scores nothing every operator
    would look alike.
    """
    by_round: dict[int, list[Candidate]] = {}
    for child in _children(search, scores):
        by_round.setdefault(child.round, []).append(child)
    gains: dict[str, list[float]] = {name: [] for name in search.operators}
    best: float | None = None
    for _, children in sorted(by_round.items()):
        values = [scores[child.id] for child in children]
        record = mean(values) if best is None else best
        for child, value in zip(children, values, strict=True):
            gains[child.operator].append(value - record)
        best = max(values) if best is None else max(best, *values)
    return gains


def has_written(search: Search, operators: Iterable[str]) -> bool:
    """Whether one of the operators has a child."""
    names = set(operators)
    return any(candidate.operator in names for candidate in search.archive.candidates.values())


def _children(search: Search, scores: Mapping[str, float]) -> Iterable[Candidate]:
    for candidate in search.archive.candidates.values():
        if candidate.operator in search.operators and candidate.id in scores:
            yield candidate
