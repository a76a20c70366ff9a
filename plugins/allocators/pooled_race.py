"""Racing on pooled evidence: many are met briefly, few are measured well."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ...core.protocols import Decision, Need
from ...core.search_types import Measurement, Search
from ...core.stats.pooled_estimate import PooledEstimate, pooled_estimates
from .common import missing_measurements, row_order


@dataclass(kw_only=True)
class PooledRace:
    """Newcomers are met on one balanced block of rows; leaders by estimate are measured on more, always the same ones.

    first: rows a newcomer is met on. first_blind: where no likelihoods are shown and rows tell less, the better half of
    the newcomers is met on so many.
    grow: rows a leader gains a round. leaders: how many are followed. closing: when the room falls below this share
    of the whole, all that is left goes to the `finalists`: half of it to all, on equal rows, the rest to the best two.
    """

    name: str = field(default="race", init=False)
    needs: frozenset[Need] = field(default=frozenset({"references"}), init=False)
    first: int = 4
    first_blind: int = 16
    grow: int = 4
    leaders: int = 3
    closing: float = 0.35
    finalists: int = 4

    def ask(self, search: Search, pool: Sequence[str]) -> Sequence[Measurement]:
        order = row_order(search)
        met = missing_measurements(search, pool, order[: self.first])
        if met:
            return met[: search.remaining_runs]
        told = self._estimates(search)
        again = missing_measurements(search, self._better_half(search, pool, told), order[: self.first_blind])
        if again:
            return again[: search.remaining_runs]
        leading = self._leaders(search, told)
        if search.remaining_runs <= self.closing * search.total_runs:
            return self._close_race(search, order, told)
        if search.memory.get("grown"):
            return []
        search.memory["grown"] = True
        pairs: list[Measurement] = []
        for name in leading:
            rows = min(len(order), told[name].rows + self.grow)
            pairs += missing_measurements(search, [name], order[:rows])
        return pairs[: search.remaining_runs]

    def tell(self, search: Search, pool: Sequence[str]) -> Mapping[str, Decision]:
        told = self._estimates(search)
        leading = self._leaders(search, told)
        best = told[leading[0]].mean if leading else 0.0
        return {
            name: "keep" if name in leading else "drop" if told[name].upper_bound(1.5) < best else "undecided"
            for name in pool
            if name in told
        }

    def _better_half(self, search: Search, pool: Sequence[str], told: Mapping[str, PooledEstimate]) -> Sequence[str]:
        """Of a pool that was met without likelihoods: once a round, so that the half stays the same half."""
        if any(evaluation.likelihoods for evaluation in search.archive.scores):
            return []
        if "better" not in search.memory:
            ranked = sorted((name for name in pool if name in told), key=lambda name: -told[name].mean)
            search.memory["better"] = ranked[: (len(ranked) + 1) // 2]
        return list(search.memory["better"])

    def _estimates(self, search: Search) -> dict[str, PooledEstimate]:
        measured = [one for one in search.archive.alive if search.archive.scores.count(one.id, search.val)]
        return pooled_estimates(search.archive, measured, search.examples, search.val)

    def _leaders(self, search: Search, told: Mapping[str, PooledEstimate], count: int | None = None) -> list[str]:
        pinned = [one.id for one in search.archive.with_status("pinned") if one.id in told]
        ranked = sorted(told, key=lambda name: -told[name].upper_bound(0.5))
        return list(dict.fromkeys([*ranked[: count or self.leaders], *pinned]))

    def _close_race(
        self, search: Search, order: Sequence[str], told: Mapping[str, PooledEstimate]
    ) -> Sequence[Measurement]:
        memory = search.memory
        stage = memory["stage"] = memory.get("stage", 0) + 1
        if stage > 2:
            return []
        names = self._leaders(search, told, self.finalists) if stage == 1 else memory["finalists"]
        if stage == 2:
            names = sorted(names, key=lambda name: -told[name].mean)[:2]
        memory["finalists"] = list(names)
        spend = search.remaining_runs // 2 if stage == 1 else search.remaining_runs
        pairs: list[Measurement] = []
        for rows in range(1, len(order) + 1):
            more = missing_measurements(search, names, order[:rows])
            if len(more) > spend:
                break
            pairs = more
        return pairs or self._close_race(search, order, told)
