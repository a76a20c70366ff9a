"""Screening on few examples, then reranking the best on all of them (as PromptQuine does, arXiv 2506.17930)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...core.option_types import Count
from ...core.protocols import NEEDS_NOTHING, Decision
from ...core.search_types import Measurement, Search
from .common import missing_measurements, no_decisions, row_order

_MIN_RERANK_EXAMPLES = 24
"""Examples from which a ranking is more reliable than the screening."""


@dataclass(kw_only=True)
class SuccessiveRerank:
    """Every candidate on the same few val examples; in the end the best `share` and the baseline on all.

    On as many as fit: fewer candidates if these would be too few examples for a ranking.

    Args:
        rows: Screening examples at most.
        candidates: Candidates the budget should last for, so that a small one screens on fewer examples.
        least: Screening examples at least.
        share: Share of candidates to rerank.
        closing: The end has come when less than this share of the budget remains, or when no candidate is new.
    """

    name = "rerank"
    needs = NEEDS_NOTHING

    rows: int = 32
    candidates: Count = 40
    least: int = 4
    share: float = 0.1
    closing: float = 0.3

    def ask(self, search: Search, pool: Sequence[str]) -> Sequence[Measurement]:
        order, memory = row_order(search), search.memory
        if "screened" not in memory:
            pairs = self._screening(search, pool, order)
            memory["screened"] = len(pairs)
            if pairs:
                return pairs
        if memory["screened"] and search.remaining_runs > self.closing * search.total_runs:
            return []
        return self._rerank_best(search, order)

    def tell(self, search: Search, pool: Sequence[str]) -> Mapping[str, Decision]:
        return no_decisions(search, pool)

    def _screening(self, search: Search, pool: Sequence[str], order: Sequence[str]) -> list[Measurement]:
        """Candidates that do not fit on all screening examples are left out."""
        few = order[: min(self.rows, max(self.least, search.total_runs // self.candidates))]
        names = [name for name in pool if missing_measurements(search, [name], few)]
        while len(names) > 1 and len(missing_measurements(search, names, few)) > search.remaining_runs:
            names.pop()
        return missing_measurements(search, names, few)[: search.remaining_runs]

    def _rerank_best(self, search: Search, order: Sequence[str]) -> Sequence[Measurement]:
        archive, start = search.archive, search.archive.baseline.id
        screened = [candidate for candidate in archive.alive if archive.scores.count(candidate.id, search.val)]
        best = [candidate.id for candidate in archive.ranked(screened, search.val)]
        for most in range(min(max(2, math.ceil(self.share * len(screened))), len(best)), 0, -1):
            names = list(dict.fromkeys([*best[:most], start]))
            rows = len(order)
            while len(missing_measurements(search, names, order[:rows])) > search.remaining_runs:
                rows -= 1
            if rows >= min(_MIN_RERANK_EXAMPLES, len(order)) or most == 1:
                return missing_measurements(search, names, order[:rows])
        return []
