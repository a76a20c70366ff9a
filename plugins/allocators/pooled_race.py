"""Racing on pooled estimates: many candidates measured briefly, few measured well."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...core.protocols import NEEDS_REFERENCES, Decision
from ...core.search_types import Measurement, Search
from ...core.stats.pooled_estimate import PooledEstimate, pooled_estimates
from .common import missing_measurements, row_order

# Whoever builds on earlier texts needs rounds: a better half that is measured well leaves a small budget with one.
_BUDGET_PER_NEWCOMER = 20


@dataclass(kw_only=True)
class PooledRace:
    """New candidates run on one balanced block of examples; leaders by estimate run on more, always the same ones.

    Args:
        first: Examples for a new candidate.
        first_blind: Without label likelihoods an example tells less: examples for the better half of the new
            candidates. Where capable optimizer models write, at most a twentieth of the budget for each.
        grow: Examples that a leader gains per round.
        leaders: Leaders that are followed.
        closing: Below this share of the budget everything goes to the `finalists`: half of it to all, on equally many
            examples, the rest to the best two.
        finalists: Finalists.
    """

    name = "race"
    needs = NEEDS_REFERENCES

    first: int = 4
    first_blind: int = 16
    grow: int = 4
    leaders: int = 3
    closing: float = 0.35
    finalists: int = 4

    def ask(self, search: Search, pool: Sequence[str]) -> Sequence[Measurement]:
        order = row_order(search)
        first_pairs = missing_measurements(search, pool, order[: self.first])
        if first_pairs:
            return first_pairs[: search.remaining_runs]
        estimates = self._estimates(search)
        again = missing_measurements(
            search, self._better_half(search, pool, estimates), order[: self._blind_rows(search)]
        )
        if again:
            return again[: search.remaining_runs]
        leading = self._leaders(search, estimates)
        if search.remaining_runs <= self.closing * search.total_runs:
            return self._close_race(search, order, estimates)
        if search.memory.get("grown"):
            return []
        search.memory["grown"] = True
        pairs: list[Measurement] = []
        for name in leading:
            rows = min(len(order), estimates[name].rows + self.grow)
            pairs += missing_measurements(search, [name], order[:rows])
        return pairs[: search.remaining_runs]

    def tell(self, search: Search, pool: Sequence[str]) -> Mapping[str, Decision]:
        estimates = self._estimates(search)
        leading = self._leaders(search, estimates)
        best = estimates[leading[0]].mean if leading else 0.0
        return {
            name: "keep" if name in leading else "drop" if estimates[name].upper_bound(1.5) < best else "undecided"
            for name in pool
            if name in estimates
        }

    def _blind_rows(self, search: Search) -> int:
        if not search.capable:
            return self.first_blind
        return max(self.first, min(self.first_blind, search.total_runs // _BUDGET_PER_NEWCOMER))

    def _better_half(
        self, search: Search, pool: Sequence[str], estimates: Mapping[str, PooledEstimate]
    ) -> Sequence[str]:
        """Of a pool measured without likelihoods: chosen once per round, so that the half stays the same."""
        if search.archive.scores.has_likelihoods:
            return []
        if "better" not in search.memory:
            ranked = sorted((name for name in pool if name in estimates), key=lambda name: -estimates[name].mean)
            search.memory["better"] = ranked[: (len(ranked) + 1) // 2]
        return list(search.memory["better"])

    def _estimates(self, search: Search) -> dict[str, PooledEstimate]:
        measured = [
            candidate for candidate in search.archive.alive if search.archive.scores.count(candidate.id, search.val)
        ]
        return pooled_estimates(search.archive, measured, search.examples, search.val)

    def _leaders(self, search: Search, estimates: Mapping[str, PooledEstimate], count: int | None = None) -> list[str]:
        pinned = [candidate.id for candidate in search.archive.with_status("pinned") if candidate.id in estimates]
        ranked = sorted(estimates, key=lambda name: -estimates[name].upper_bound(0.5))
        return list(dict.fromkeys([*ranked[: count or self.leaders], *pinned]))

    def _close_race(
        self, search: Search, order: Sequence[str], estimates: Mapping[str, PooledEstimate]
    ) -> Sequence[Measurement]:
        memory = search.memory
        stage = memory["stage"] = memory.get("stage", 0) + 1
        if stage > 2:
            return []
        names = self._leaders(search, estimates, self.finalists) if stage == 1 else memory["finalists"]
        if stage == 2:
            names = sorted(names, key=lambda name: -estimates[name].mean)[:2]
        memory["finalists"] = list(names)
        spend = search.remaining_runs // 2 if stage == 1 else search.remaining_runs
        pairs: list[Measurement] = []
        for rows in range(1, len(order) + 1):
            more = missing_measurements(search, names, order[:rows])
            if len(more) > spend:
                break
            pairs = more
        return pairs or self._close_race(search, order, estimates)
