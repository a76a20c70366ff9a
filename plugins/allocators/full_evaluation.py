"""All val examples, or the same sample for all candidates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...core.protocols import NEEDS_NOTHING, Decision
from ...core.search_types import Measurement, Search
from .common import affordable_measurements, no_decisions, row_order


@dataclass(kw_only=True)
class FullEvaluation:
    """Every candidate on the same val examples; all get fewer where the budget is short.

    Args:
        rows: Examples at most.
        candidates: If set, the budget should last for so many candidates, so a small one has fewer examples.
        least: Examples at least, if `candidates` is set.
    """

    name = "full"
    needs = NEEDS_NOTHING

    rows: int | None = None
    candidates: int | None = None
    least: int = 8

    def ask(self, search: Search, pool: Sequence[str]) -> Sequence[Measurement]:
        rows = row_order(search)[: self.rows]
        if self.candidates is not None:
            rows = rows[: max(self.least, search.total_runs // self.candidates)]
        return affordable_measurements(search, pool, rows)

    def tell(self, search: Search, pool: Sequence[str]) -> Mapping[str, Decision]:
        return no_decisions(search, pool)
