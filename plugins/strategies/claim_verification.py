"""Claims are tested before they count (after arXiv 2402.02101: reflections often name no true cause)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from ...core.option_types import Count
from ...core.protocols import NEEDS_TRAIN, Decision
from ...core.search_types import Search, WorkOrder
from ..algorithms.selection import best_mean, human_candidates
from .pareto import next_minibatch

# A round runs its examples on the leader and on each claim; this lets six rounds fit.
_RUNS_PER_EXAMPLE = 12
# On fewer examples a claim is verified by chance.
_MIN_EXAMPLES = 4
# The newest refuted claims; a longer list would crowd the prompt.
_MAX_REFUTED = 6
_EXCLUDED = ("dropped", "rejected", "vetoed")


@dataclass(kw_only=True)
class ClaimVerification:
    """One prompt leads; children of other operators claim what goes wrong and fix just that.

    A claim is run on the very examples it was made from; only a child that fixes more of them than it breaks is
    verified. Several verified children are combined by the `joiners` in a round of their own. A verified child that is
    no worse than the leader on val leads. Refuted claims go to later rounds (`options["refuted"]`).

    Args:
        joiners: Operators that combine verified children.
        cases: Train examples of a round of claims, all of them once before any twice, fewer in a small budget; rounds
            that combine use none.
        patience: Rounds of claims in a row without a new leader that end the search.
    """

    name = "verified"
    needs = NEEDS_TRAIN

    joiners: Sequence[str] = ("unite",)
    cases: int = 12
    patience: Count = 6

    def ask(self, search: Search) -> Sequence[WorkOrder]:
        memory, leader = search.memory, self._leader(search)
        joiners = [name for name in search.operators if name in self.joiners]
        together = [name for name in memory.get("verified", []) if search.archive[name].status != "vetoed"]
        memory["joining"] = bool(joiners) and len(together) > 1
        if memory["joining"]:
            base = memory["base"]
            return [WorkOrder(operator=name, parents=(base, *together)) for name in joiners]
        if memory.get("barren", 0) >= self.patience:
            return []
        turn = memory.get("turns", 0)
        rows = next_minibatch(search, min(self.cases, max(_MIN_EXAMPLES, search.total_runs // _RUNS_PER_EXAMPLE)), turn)
        memory |= {"rows": list(rows), "base": leader, "verified": [], "turns": turn + 1}
        options = {"refuted": memory.get("refuted", [])}
        return [
            WorkOrder(operator=name, parents=(leader,), cases=len(rows), rows=rows, options=options, stream=index)
            for index, name in enumerate(search.operators)
            if name not in self.joiners
        ]

    def pool(self, search: Search, new: Sequence[str]) -> Sequence[str]:
        return list(dict.fromkeys([self._leader(search), *human_candidates(search), *new]))

    def tell(self, search: Search, pool: Sequence[str], verdicts: Mapping[str, Decision]) -> Mapping[str, Decision]:
        memory, before = search.memory, self._leader(search)
        if memory.get("joining"):
            memory["verified"] = []
        else:
            self._verify(search, pool)
        better = [name for name in pool if self._is_eligible(search, name) and name != before]
        gains = {name: self._mean_gain(search, name, before) for name in better}
        best = max(gains, key=lambda name: gains[name], default="")
        if best and gains[best] >= 0:
            memory |= {"leader": best, "barren": 0}
        elif not memory.get("joining"):
            memory["barren"] = memory.get("barren", 0) + 1
        stay = {before, memory.get("leader", before), *memory.get("verified", [])}
        return {name: "keep" if name in stay else "drop" for name in pool}

    def final(self, search: Search) -> str:
        return self._leader(search)

    def _verify(self, search: Search, pool: Sequence[str]) -> None:
        """Sort the claims of this round and remember the rationale of refuted ones."""
        memory = search.memory
        for name in pool:
            claim = search.archive[name]
            gains = search.archive.scores.paired(name, memory["base"], memory["rows"])
            if claim.parents[:1] != (memory["base"],) or claim.round != search.run_round or not gains:
                continue
            memory["claimed"] = memory.get("claimed", 0) + 1
            if sum(gains) > 0:
                memory["verified"] = [*memory["verified"], name]
            else:
                memory["refuted"] = [*memory.get("refuted", []), claim.rationale][-_MAX_REFUTED:]

    def _is_eligible(self, search: Search, name: str) -> bool:
        """Verified, combined from verified ones, or a person's; and measured on enough of val."""
        claim, scores = search.archive[name], search.archive.scores
        if claim.status in _EXCLUDED:
            return False
        if (
            claim.operator != "person"
            and name not in search.memory.get("verified", [])
            and not search.memory.get("joining")
        ):
            return False
        return scores.count(name, search.val) * 2 >= max(1, scores.count(self._leader(search), search.val))

    def _mean_gain(self, search: Search, first: str, second: str) -> float:
        gains = search.archive.scores.paired(first, second, search.val)
        return fmean(gains) if gains else -1.0

    def _leader(self, search: Search) -> str:
        """The last leader, unless it was vetoed."""
        named = str(search.memory.get("leader", search.archive.baseline.id))
        return named if search.archive[named].status not in _EXCLUDED else best_mean(search)
