"""Sums of scores over a fixed set of examples, updated by each evaluation, for means that cost the same at any size."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol


class _Scored(Protocol):
    @property
    def candidate(self) -> str: ...
    @property
    def example(self) -> str: ...
    @property
    def score(self) -> float: ...


class ScoreSums:
    """Count and sum of each candidate's scores on `examples`.

    A sum is kept as terms whose total is exact (Shewchuk, 1997), so that it is the same in whichever order evaluations
    arrived: a resumed run reads them from the store in another order than the first process measured them.
    """

    def __init__(self, examples: Sequence[str], evaluations: Iterable[_Scored] = ()) -> None:
        self.examples = tuple(examples)
        self.positions: Mapping[str, int] = {example: index for index, example in enumerate(self.examples)}
        self._counts: dict[str, int] = {}
        self._terms: dict[str, list[float]] = {}
        for evaluation in evaluations:
            self.add(evaluation)

    def covers(self, examples: Sequence[str]) -> bool:
        """Whether these are the examples, in this order."""
        if examples is self.examples:
            return True
        return len(examples) == len(self.examples) and tuple(examples) == self.examples

    def add(self, evaluation: _Scored, replaced: _Scored | None = None) -> None:
        """Count one more evaluation, in place of an earlier one of the same candidate and example."""
        if evaluation.example not in self.positions:
            return
        terms = self._terms.setdefault(evaluation.candidate, [])
        if replaced is None:
            self._counts[evaluation.candidate] = self._counts.get(evaluation.candidate, 0) + 1
        else:
            _add_exactly(terms, -replaced.score)
        _add_exactly(terms, evaluation.score)

    def count(self, candidate: str) -> int:
        return self._counts.get(candidate, 0)

    def mean(self, candidate: str) -> float | None:
        count = self._counts.get(candidate, 0)
        return math.fsum(self._terms[candidate]) / count if count else None


def _add_exactly(terms: list[float], value: float) -> None:
    """Add a number to a sum that is kept as non-overlapping terms."""
    index = 0
    for term in terms:
        if abs(value) < abs(term):
            value, term = term, value
        high = value + term
        low = term - (high - value)
        if low:
            terms[index] = low
            index += 1
        value = high
    terms[index:] = [value]
