"""Racing on pooled evidence: many are met briefly, few are measured well."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ...core.contracts import Decision, Need
from ...core.estimate import Estimate, estimate
from ...core.orders import Pair, Search
from .batches import missing, row_order


@dataclass(kw_only=True)
class Race:
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

    def ask(self, search: Search, pool: Sequence[str]) -> Sequence[Pair]:
        order = row_order(search)
        met = missing(search, pool, order[: self.first])
        if met:
            return met[: search.room]
        told = self._estimates(search)
        again = missing(search, self._better_half(search, pool, told), order[: self.first_blind])
        if again:
            return again[: search.room]
        leading = self._leading(search, told)
        if search.room <= self.closing * search.total:
            return self._close(search, order, told)
        if search.memory.get("grown"):
            return []
        search.memory["grown"] = True
        pairs: list[Pair] = []
        for name in leading:
            rows = min(len(order), told[name].rows + self.grow)
            pairs += missing(search, [name], order[:rows])
        return pairs[: search.room]

    def tell(self, search: Search, pool: Sequence[str]) -> Mapping[str, Decision]:
        told = self._estimates(search)
        leading = self._leading(search, told)
        best = told[leading[0]].mean if leading else 0.0
        return {
            name: "keep" if name in leading else "drop" if told[name].optimistic(1.5) < best else "undecided"
            for name in pool
            if name in told
        }

    def _better_half(self, search: Search, pool: Sequence[str], told: Mapping[str, Estimate]) -> Sequence[str]:
        """Of a pool that was met without likelihoods: once a round, so that the half stays the same half."""
        if any(evaluation.likelihoods for evaluation in search.archive.scores):
            return []
        if "better" not in search.memory:
            ranked = sorted((name for name in pool if name in told), key=lambda name: -told[name].mean)
            search.memory["better"] = ranked[: (len(ranked) + 1) // 2]
        return list(search.memory["better"])

    def _estimates(self, search: Search) -> dict[str, Estimate]:
        measured = [one for one in search.archive.alive if search.archive.scores.count(one.id, search.val)]
        return estimate(search.archive, measured, search.examples, search.val)

    def _leading(self, search: Search, told: Mapping[str, Estimate], count: int | None = None) -> list[str]:
        pinned = [one.id for one in search.archive.with_status("pinned") if one.id in told]
        ranked = sorted(told, key=lambda name: -told[name].optimistic(0.5))
        return list(dict.fromkeys([*ranked[: count or self.leaders], *pinned]))

    def _close(self, search: Search, order: Sequence[str], told: Mapping[str, Estimate]) -> Sequence[Pair]:
        memory = search.memory
        stage = memory["stage"] = memory.get("stage", 0) + 1
        if stage > 2:
            return []
        names = self._leading(search, told, self.finalists) if stage == 1 else memory["finalists"]
        if stage == 2:
            names = sorted(names, key=lambda name: -told[name].mean)[:2]
        memory["finalists"] = list(names)
        spend = search.room // 2 if stage == 1 else search.room
        pairs: list[Pair] = []
        for rows in range(1, len(order) + 1):
            more = missing(search, names, order[:rows])
            if len(more) > spend:
                break
            pairs = more
        return pairs or self._close(search, order, told)
