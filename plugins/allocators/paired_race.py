"""Racing in blocks with paired tests that may be looked at after every block (the race of CAPO, arXiv 2504.16005)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ...core.option_types import Positive
from ...core.protocols import Decision, Need
from ...core.search_types import Measurement, Search
from ...core.stats.e_process import e_value
from ..algorithms.fitness import fitness
from ..algorithms.pool_helpers import human_candidates
from .common import missing_measurements, row_order

_BLOCKS_OF_THE_WHOLE = 40
_LEAST_BLOCK = 4


@dataclass(kw_only=True)
class PairedRace:
    """All are measured on the same rows, a block at a time; who is worse than enough others leaves the race.

    A candidate is dropped when at least as many as shall survive are better than it, each by a bet on the paired
    differences (`core.betting`). With a chance of 1 - alpha or more no pair of a race is ever put in a wrong order,
    however often it is looked at: alpha is shared among all ordered pairs.

    block: rows a block; fewer where the whole budget is short. blocks: the most in a race. survivors: the race is over
    when so many are left; of a small pool, when three quarters are. share: of the room that a race may take; its first
    block may take more. closing: when the room falls below this share of the whole, nobody new is raced before the best
    `finalists` so far and the start prompt are measured on as many rows more as fit: who leads after a block is the
    luckiest of many, not yet the best. In a round that brings nobody new they get what a race may take. What people
    wrote is met all the same.
    """

    name: str = field(default="paired-race", init=False)
    needs: frozenset[Need] = field(default=frozenset(), init=False)
    block: int = 30
    blocks: int = 10
    survivors: int = 10
    alpha: Positive = 0.2
    share: float = 0.25
    closing: float = 0.25
    finalists: int = 3

    def ask(self, search: Search, pool: Sequence[str]) -> Sequence[Measurement]:
        memory, order = search.memory, row_order(search)
        size = max(_LEAST_BLOCK, min(self.block, search.total_runs // _BLOCKS_OF_THE_WHOLE))
        begins = "purse" not in memory
        if begins:
            memory |= {"purse": int(self.share * search.remaining_runs), "blocks": 0}
        ending = search.remaining_runs <= self.closing * search.total_runs
        if ending or (begins and all(search.archive.scores.count(name, search.val) for name in pool)):
            pairs = self._measure_leaders(search, order)[: search.remaining_runs if ending else memory["purse"]]
            memory["purse"] -= len(pairs)
            if pairs:
                return pairs
        left = self._survivors(search, pool)
        if not begins and len(left) <= self._survivor_count(pool):
            return []
        while memory["blocks"] < self.blocks and memory["blocks"] * size < len(order):
            first = memory["blocks"] == 0
            pairs = missing_measurements(search, left, order[: (memory["blocks"] + 1) * size])
            if not first and len(pairs) > memory["purse"]:
                return []
            memory["blocks"] += 1
            memory["purse"] -= len(pairs)
            if pairs:
                return (
                    pairs if len(pairs) <= search.remaining_runs else _row_by_row(pairs, order)[: search.remaining_runs]
                )
        return []

    def tell(self, search: Search, pool: Sequence[str]) -> Mapping[str, Decision]:
        left = self._survivors(search, pool)
        return {name: "undecided" if name in left else "drop" for name in pool}

    def _measure_leaders(self, search: Search, order: Sequence[str]) -> list[Measurement]:
        """The best of any round on the rows they lack, row by row; none where nobody was measured or nothing lacks."""
        met = [one.id for one in search.archive.alive if search.archive.scores.count(one.id, search.val)]
        if not met:
            return []
        told = fitness(search, met, {"accuracy": 1.0})
        best = sorted(met, key=lambda name: -told[name])[: self.finalists]
        names = dict.fromkeys([*human_candidates(search), *best, search.archive.baseline.id])
        return _row_by_row(missing_measurements(search, list(names), order), order)

    def _survivors(self, search: Search, pool: Sequence[str]) -> list[str]:
        enough = max(2, len(pool) * (len(pool) - 1)) / self.alpha
        scores = search.archive.scores
        beaten = {
            name: sum(e_value(scores.paired(other, name, search.val)) >= enough for other in pool if other != name)
            for name in pool
        }
        return [name for name in pool if beaten[name] < self._survivor_count(pool)]

    def _survivor_count(self, pool: Sequence[str]) -> int:
        return max(1, min(self.survivors, len(pool) * 3 // 4))


def _row_by_row(pairs: Sequence[Measurement], order: Sequence[str]) -> list[Measurement]:
    """Row by row, so that everyone is measured on as many where the room does not hold all."""
    places = {row: place for place, row in enumerate(order)}
    return sorted(pairs, key=lambda pair: places[pair.example])
