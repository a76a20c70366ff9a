"""Racing in blocks with paired tests that may be checked after every block (the race of CAPO, arXiv 2504.16005)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...core.option_types import Positive
from ...core.protocols import NEEDS_NOTHING, Decision
from ...core.search_types import Measurement, Search
from ...core.stats.e_process import e_value
from ..algorithms.fitness import fitness
from ..algorithms.selection import human_candidates
from .common import missing_measurements, row_order

# Lets a small budget last for several races.
_BLOCKS_PER_BUDGET = 40
# A smaller block decides nothing and only adds rounds.
_MIN_BLOCK = 4


@dataclass(kw_only=True)
class PairedRace:
    """All candidates on the same examples, block by block; those worse than enough others leave the race.

    A candidate is dropped when at least as many as shall survive are better than it, each by an e-value of the paired
    differences (`core.stats.e_process`). With probability 1 - alpha or more no pair of a race is ever put in a wrong
    order, however often it is checked: alpha is shared among all ordered pairs.

    Args:
        block: Examples per block; fewer in a small budget.
        blocks: Blocks of a race at most.
        survivors: The race ends when so many are left; of a small pool, when three quarters are.
        alpha: Error probability of a race.
        share: Share of the remaining budget that a race may take; its first block may take more.
        closing: Below this share of the whole budget the best `finalists` so far and the baseline are measured further
        before anything new is raced: the leader after one block is the luckiest of many, not yet the best. Candidates
            of people are measured all the same.
        finalists: Candidates that are measured further.
    """

    name = "paired-race"
    needs = NEEDS_NOTHING

    block: int = 30
    blocks: int = 10
    survivors: int = 10
    alpha: Positive = 0.2
    share: float = 0.25
    closing: float = 0.25
    finalists: int = 3

    def ask(self, search: Search, pool: Sequence[str]) -> Sequence[Measurement]:
        memory, order = search.memory, row_order(search)
        size = max(_MIN_BLOCK, min(self.block, search.total_runs // _BLOCKS_PER_BUDGET))
        begins = "purse" not in memory
        if begins:
            memory |= {"purse": int(self.share * search.remaining_runs), "blocks": 0}
        ending = search.remaining_runs <= self.closing * search.total_runs
        if ending or (begins and all(search.archive.scores.count(name, search.val) for name in pool)):
            pairs = self._measure_leaders(search, order)[: search.remaining_runs if ending else memory["purse"]]
            memory["purse"] -= len(pairs)
            if pairs:
                return pairs
        remaining = self._survivors(search, pool)
        if not begins and len(remaining) <= self._survivor_count(pool):
            return []
        while memory["blocks"] < self.blocks and memory["blocks"] * size < len(order):
            first = memory["blocks"] == 0
            pairs = missing_measurements(search, remaining, order[: (memory["blocks"] + 1) * size])
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
        remaining = self._survivors(search, pool)
        return {name: "undecided" if name in remaining else "drop" for name in pool}

    def _measure_leaders(self, search: Search, order: Sequence[str]) -> list[Measurement]:
        """The best of any round on the examples they lack, example by example."""
        measured = [
            candidate.id for candidate in search.archive.alive if search.archive.scores.count(candidate.id, search.val)
        ]
        if not measured:
            return []
        fitness_by_id = fitness(search, measured, {"accuracy": 1.0})
        best = sorted(measured, key=lambda name: -fitness_by_id[name])[: self.finalists]
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
    """Example by example, so that everyone is measured on equally many where the budget does not hold all."""
    positions = {row: index for index, row in enumerate(order)}
    return sorted(pairs, key=lambda pair: positions[pair.example])
