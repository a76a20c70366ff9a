"""The same val examples for all candidates, and extra examples of another split, whatever labels exist."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from ...core.identity import digest
from ...core.option_types import Count
from ...core.protocols import NEEDS_NOTHING, Decision
from ...core.search_types import Measurement, Search
from .common import affordable_measurements, no_decisions


@dataclass(kw_only=True)
class SharedAndExtraRows:
    """Every candidate on the same examples, in an order that does not depend on labels.

    These are val examples, and `extra` examples of `split` for pseudo-labels, which count in no mean. Once the baseline
    is measured, its val examples are everybody's, including examples that join later.

    Args:
        split: Where the extra examples come from.
        extra: Extra examples at most.
        few: Extra examples in a small budget; otherwise half as many as of val.
        until: Last round with extra examples; 0 for no limit.
        rows: As for `full`, like `candidates` and `least`.
    """

    name = "beside"
    needs = NEEDS_NOTHING

    split: Literal["train", "target"] = "train"
    extra: int = 12
    few: int = 3
    until: int = 0
    rows: int = 50
    candidates: Count = 24
    least: int = 6

    def ask(self, search: Search, pool: Sequence[str]) -> Sequence[Measurement]:
        most = min(self.rows, max(self.least, search.total_runs // self.candidates))
        val, start = _hash_order(search, search.val), search.archive.baseline.id
        rows = [row for row in val if search.archive.scores.get(start, row) is not None] or val[:most]
        if not self.until or search.round <= self.until:
            others = _hash_order(search, search.train if self.split == "train" else search.target)
            rows = _interleave(rows, others[: min(self.extra, max(self.few, (most + 1) // 2))])
        return affordable_measurements(search, pool, rows)

    def tell(self, search: Search, pool: Sequence[str]) -> Mapping[str, Decision]:
        return no_decisions(search, pool)


def _hash_order(search: Search, rows: Sequence[str]) -> list[str]:
    """By hash, so that an added example moves no other."""
    return sorted(rows, key=lambda row: digest([search.seed, "beside", row]))


def _interleave(many: Sequence[str], few: Sequence[str]) -> list[str]:
    """The few spread evenly among the many, so that a small budget takes from both."""
    entries = [
        (index / max(1, len(some)), kind, row)
        for kind, some in enumerate((many, few))
        for index, row in enumerate(some)
    ]
    return [row for _, _, row in sorted(entries)]
