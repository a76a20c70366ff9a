"""Upper confidence bounds (the bandit selection of ProTeGi, arXiv 2305.03495, section 2.2)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...core.option_types import Count
from ...core.protocols import NEEDS_NOTHING, Decision
from ...core.search_types import Measurement, Search
from .common import missing_measurements, no_decisions, row_order

# Three rounds of search: fewer would be a single selection.
_ROUNDS_PER_BUDGET = 3


@dataclass(kw_only=True)
class UpperConfidenceBound:
    """Each pull measures the most promising of the candidates that have examples left.

    Args:
        rounds: Pulls per round of search.
        arms: Candidates per pull.
        rows: Examples per pull and candidate, fewer where the budget would not last for three rounds of search.
        c: Weight of exploration in mean + c * sqrt(log(all examples) / own examples); the original takes the logarithm
            of the pull's number, which explores nothing in the first.
    """

    name = "ucb"
    needs = NEEDS_NOTHING

    rounds: int = 8
    arms: Count = 8
    rows: int = 32
    c: float = 1.0

    def ask(self, search: Search, pool: Sequence[str]) -> Sequence[Measurement]:
        pulls = search.memory.get("pulls", 0)
        if pulls >= self.rounds:
            return []
        search.memory["pulls"] = pulls + 1
        rows = max(1, min(self.rows, search.total_runs // (_ROUNDS_PER_BUDGET * self.rounds * self.arms)))
        scores, order = search.archive.scores, row_order(search)
        total = sum(scores.count(name, search.val) for name in pool)
        open_pairs = {name: pairs for name in pool if (pairs := missing_measurements(search, [name], order)[:rows])}
        best = sorted(open_pairs, key=lambda name: -self._bound(search, name, total))[: self.arms]
        return [pair for name in best for pair in open_pairs[name]][: search.remaining_runs]

    def tell(self, search: Search, pool: Sequence[str]) -> Mapping[str, Decision]:
        return no_decisions(search, pool)

    def _bound(self, search: Search, name: str, total: int) -> float:
        count = search.archive.scores.count(name, search.val)
        if not count:
            return math.inf
        mean = search.archive.scores.mean(name, search.val) or 0.0
        return mean + self.c * math.sqrt(math.log(max(total, 2)) / count)
