"""Minibatches, with a full evaluation of the most promising from time to time (MIPROv2, arXiv 2406.11695)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...core.option_types import Count
from ...core.protocols import NEEDS_NOTHING, Decision
from ...core.search_types import Measurement, Search
from .common import missing_measurements, no_decisions, row_order


@dataclass(kw_only=True)
class MinibatchEvaluation:
    """Every candidate of the pool is measured on its next examples of one fixed order.

    The first examples are the same for all, so that new candidates are comparable.

    Args:
        rows: Examples of a minibatch; fewer where the budget does not last for `batches` of them.
        least: Examples of a minibatch at least.
        batches: Minibatches the budget should last for.
        every: Rounds between full evaluations of the best candidate that lacks one, up to a quarter of the budget; 0 is
            never.
    """

    name = "minibatch"
    needs = NEEDS_NOTHING

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
        measured = [
            candidate for candidate in search.archive.alive if search.archive.scores.count(candidate.id, search.val)
        ]
        for candidate in search.archive.ranked(measured, search.val):
            if pairs := missing_measurements(search, [candidate.id], order):
                return pairs[: search.remaining_runs // 4]
        return []
