"""Successive halving (Karnin et al. 2013)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from ...core.protocols import NEEDS_NOTHING, Decision
from ...core.search_types import Measurement, Search
from .common import missing_measurements, row_order


class SuccessiveHalving:
    """Equal shares of the budget per level; after each level the better half goes on, on more of the same examples."""

    name = "halving"
    needs = NEEDS_NOTHING

    def ask(self, search: Search, pool: Sequence[str]) -> Sequence[Measurement]:
        memory = search.memory
        if "left" not in memory:
            levels = max(1, math.ceil(math.log2(max(2, len(pool)))))
            memory |= {"left": list(pool), "share": max(len(pool), search.remaining_runs // levels), "rows": 0}
        elif len(memory["left"]) > 1:
            ranked = search.archive.ranked([search.archive[name] for name in memory["left"]], search.val)
            memory["left"] = [candidate.id for candidate in ranked[: math.ceil(len(ranked) / 2)]]
        elif memory["rows"] >= len(search.val):
            return []
        rows = min(len(search.val), memory["rows"] + max(1, memory["share"] // len(memory["left"])))
        memory["rows"] = rows
        return missing_measurements(search, memory["left"], row_order(search)[:rows])[: search.remaining_runs]

    def tell(self, search: Search, pool: Sequence[str]) -> Mapping[str, Decision]:
        survivors = search.memory.get("left", list(pool))
        return {name: "keep" if name in survivors else "drop" for name in pool}
