"""Propose once, measure, select (APE, arXiv 2211.01910; random demos)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...core.option_types import Count
from ...core.protocols import NEEDS_NOTHING, Decision
from ...core.search_types import Search, WorkOrder
from ..algorithms.selection import EXCLUDED, best_mean, measured_ids


@dataclass(kw_only=True)
class ProposeThenSelect:
    """One round of orders on the baseline, one per operator.

    Args:
        count: Proposals per operator.
        rows: If set, no more proposals than the budget can measure on so many val examples, the baseline included.
        with_start: Whether the baseline takes part.
    """

    name = "pool"
    needs = NEEDS_NOTHING

    count: Count = 16
    rows: int | None = None
    with_start: bool = True

    def ask(self, search: Search) -> Sequence[WorkOrder]:
        if search.round > 1:
            return []
        count = self.count
        if self.rows is not None:
            afforded = search.remaining_runs // min(self.rows, len(search.val)) - self.with_start
            count = max(1, min(count, afforded))
        start = search.archive.baseline.id
        return [WorkOrder(operator=name, parents=(start,), count=count) for name in search.operators]

    def pool(self, search: Search, new: Sequence[str]) -> Sequence[str]:
        return [search.archive.baseline.id, *new] if self.with_start else list(new)

    def tell(self, search: Search, pool: Sequence[str], verdicts: Mapping[str, Decision]) -> Mapping[str, Decision]:
        """The best mean among those that the allocator did not drop.

        A candidate dropped after one or two examples is not known well enough for its mean to count.
        """
        measured = [search.archive[name] for name in measured_ids(search, pool)]
        remaining = [
            candidate
            for candidate in measured
            if verdicts.get(candidate.id) != "drop" and candidate.status not in EXCLUDED
        ]
        best = best_mean(search, remaining) if remaining else ""
        return {name: "keep" if name == best else "drop" for name in pool} if best else {}

    def final(self, search: Search) -> str:
        return best_mean(search)
