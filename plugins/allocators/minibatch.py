"""Minibatches, with a full evaluation of the most promising from time to time (MIPROv2, arXiv 2406.11695)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ...core.option_types import Count
from ...core.protocols import Decision, Need
from ...core.search_types import Measurement, Search
from .common import missing_measurements, no_decisions, row_order


@dataclass(kw_only=True)
class MinibatchEvaluation:
    """Whoever is in the pool is measured on its next rows of one fixed order; who comes again, on the rows that follow.

    The first rows are the same for all, so that newcomers are compared on the same ones. rows: a minibatch; fewer, but
    at least `least`, where the budget does not last for `batches` of them. every: after so many rounds the best mean
    that is not fully measured yet is measured on all val rows, as far as a quarter of the room goes; 0 is never.
    """

    name: str = field(default="minibatch", init=False)
    needs: frozenset[Need] = field(default=frozenset(), init=False)
    rows: int = 35
    least: int = 6
    batches: Count = 24
    every: int = 5

    def ask(self, search: Search, pool: Sequence[str]) -> Sequence[Measurement]:
        order, memory = row_order(search), search.memory
        stage = memory["stage"] = memory.get("stage", 0) + 1
        size = max(self.least, min(self.rows, search.total_runs // self.batches))
        if stage == 1:
            pairs = [pair for name in pool for pair in missing_measurements(search, [name], order)[:size]]
            if pairs:
                return pairs[: search.remaining_runs]
        if stage <= 2 and self.every and search.round % self.every == 0:
            memory["stage"] = 2
            return self._full_evaluation(search, order)
        return []

    def tell(self, search: Search, pool: Sequence[str]) -> Mapping[str, Decision]:
        return no_decisions(search, pool)

    def _full_evaluation(self, search: Search, order: Sequence[str]) -> list[Measurement]:
        measured = [one for one in search.archive.alive if search.archive.scores.count(one.id, search.val)]
        for one in search.archive.ranked(measured, search.val):
            if left := missing_measurements(search, [one.id], order):
                return left[: search.remaining_runs // 4]
        return []
