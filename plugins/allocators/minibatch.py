"""Minibatches, with a full evaluation of the most promising from time to time (MIPROv2, arXiv 2406.11695)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ...core.amounts import Count
from ...core.contracts import Decision, Need
from ...core.orders import Pair, Search
from .batches import all_measured, missing, row_order


@dataclass(kw_only=True)
class Minibatch:
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

    def ask(self, search: Search, pool: Sequence[str]) -> Sequence[Pair]:
        order, memory = row_order(search), search.memory
        stage = memory["stage"] = memory.get("stage", 0) + 1
        size = max(self.least, min(self.rows, search.total // self.batches))
        if stage == 1:
            pairs = [pair for name in pool for pair in missing(search, [name], order)[:size]]
            if pairs:
                return pairs[: search.room]
        if stage <= 2 and self.every and search.round % self.every == 0:
            memory["stage"] = 2
            return self._full(search, order)
        return []

    def tell(self, search: Search, pool: Sequence[str]) -> Mapping[str, Decision]:
        return all_measured(search, pool)

    def _full(self, search: Search, order: Sequence[str]) -> list[Pair]:
        measured = [one for one in search.archive.alive if search.archive.scores.count(one.id, search.val)]
        for one in search.archive.ranked(measured, search.val):
            if left := missing(search, [one.id], order):
                return left[: search.room // 4]
        return []
