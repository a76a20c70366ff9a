"""Grow while it pays, then prune what does not (the search of AMPO, arXiv 2410.08696)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import fmean, stdev

from ...core.protocols import NEEDS_TRAIN, Decision
from ...core.search_types import Search, WorkOrder
from ..algorithms.selection import EXCLUDED, best_mean, human_candidates

# A twelfth of the budget per round shows failures, so that several rounds fit; fewer than 4 cases often show none.
_MIN_CASES, _RUNS_PER_CASE = 4, 12


@dataclass(kw_only=True)
class GrowAndPrune:
    """One prompt leads. Each round other operators grow children of it; the best child leads on if it is better.

    Children are compared on the same val examples. A child measured on less than half of the leader's examples neither
    leads nor prunes: what remains of a budget may be one example each.

    Growing ends when the gain was not significant `patience` times in a row (not above `z` standard errors of the
    paired difference), when nothing was proposed more than twice as often, or when less than the share `closing` of the
    budget remains. Then the `pruners` cut: whatever costs nothing on val when left out stays out, one part per round,
    until every part helps.

    Args:
        pruners: Operators that cut.
        cases: Train examples that the leader shows its failures on, fewer in a small budget.
        patience: Rounds without a significant gain.
        z: Standard errors of a significant gain.
        closing: Share of the budget that is left for pruning.
    """

    name = "growing"
    needs = NEEDS_TRAIN

    pruners: Sequence[str] = ("branch-drop",)
    cases: int = 24
    patience: int = 2
    z: float = 1.0
    closing: float = 0.25

    def ask(self, search: Search) -> Sequence[WorkOrder]:
        leader, memory = self._leader(search), search.memory
        flat, empty = memory.get("flat", 0), memory.get("empty", 0)
        if (
            flat >= self.patience
            or empty > 2 * self.patience
            or search.remaining_runs <= self.closing * search.total_runs
        ):
            memory["cutting"] = True
        if memory.get("cutting"):
            cutters = [name for name in search.operators if name in self.pruners]
            return [] if memory.get("whole") else [WorkOrder(operator=name, parents=(leader,)) for name in cutters]
        cases = min(self.cases, max(_MIN_CASES, search.total_runs // _RUNS_PER_CASE))
        growers = [name for name in search.operators if name not in self.pruners]
        return [WorkOrder(operator=name, parents=(leader,), cases=cases) for name in growers]

    def pool(self, search: Search, new: Sequence[str]) -> Sequence[str]:
        people = human_candidates(search)
        leader, memory = self._leader(search), search.memory
        if not new and not people:
            memory["whole"] = bool(memory.get("cutting"))
            memory["empty"] = memory.get("empty", 0) + 1
        measured = search.archive.scores.count(leader, search.val)
        return list(dict.fromkeys([leader, *people, *new])) if new or people or not measured else []

    def tell(self, search: Search, pool: Sequence[str], verdicts: Mapping[str, Decision]) -> Mapping[str, Decision]:
        leader, memory = self._leader(search), search.memory
        gains = {name: diffs for name in pool if name != leader if (diffs := self._paired_gains(search, name, leader))}
        cutting = bool(memory.get("cutting"))
        ranked = sorted(gains, key=lambda name: (-fmean(gains[name]), search.archive[name].program.main.words))
        best = ranked[0] if ranked else ""
        moved = bool(best) and (fmean(gains[best]) >= 0 if cutting else fmean(gains[best]) > 0)
        if cutting:
            memory["whole"] = not moved
        elif gains:
            memory["flat"] = 0 if moved and is_significant(gains[best], self.z) else memory.get("flat", 0) + 1
        if moved:
            memory["leader"] = best
        return {name: "keep" if name == memory.get("leader", leader) else "drop" for name in pool}

    def final(self, search: Search) -> str:
        return self._leader(search)

    def _leader(self, search: Search) -> str:
        """The last leader, unless it was vetoed."""
        named = search.memory.get("leader", search.archive.baseline.id)
        alive = search.archive[named].status not in EXCLUDED
        return named if alive else best_mean(search)

    def _paired_gains(self, search: Search, name: str, leader: str) -> list[float]:
        """The paired differences to the leader; none if they are too few or the child was vetoed."""
        scores = search.archive.scores
        gains = scores.paired(name, leader, search.val)
        enough = len(gains) * 2 >= scores.count(leader, search.val)
        return gains if enough and search.archive[name].status not in EXCLUDED else []


def is_significant(gains: Sequence[float], z: float) -> bool:
    """Whether the mean of paired differences is above `z` standard errors. One gain alone is not."""
    return len(gains) > 1 and fmean(gains) > z * stdev(gains) / sqrt(len(gains))
