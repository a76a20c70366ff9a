"""Everything, or the same sample for all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ...core.protocols import Decision, Need
from ...core.search_types import Measurement, Search
from .common import affordable_measurements, no_decisions, row_order


@dataclass(kw_only=True)
class FullEvaluation:
    """Every candidate of the pool on the same val rows. rows: at most so many. candidates: where set, the budget should
    last for so many candidates, so that there are fewer rows in a small one; but at least `least`.

    Where the budget is short, all get fewer rows, so that comparisons stay paired.
    """

    name: str = field(default="full", init=False)
    needs: frozenset[Need] = field(default=frozenset(), init=False)
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
