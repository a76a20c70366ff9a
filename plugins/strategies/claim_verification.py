"""Claims are run before they count (after arXiv 2402.02101, which finds that reflections often name no true cause)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean

from ...core.option_types import Count
from ...core.protocols import Decision, Need
from ...core.search_types import Search, WorkOrder
from ..algorithms.pool_helpers import human_candidates
from ..algorithms.selection import best_mean
from .pareto import next_minibatch

_ROWS_OF_THE_WHOLE = 12
_LEAST_ROWS = 4
_REMEMBERED = 6
_EXCLUDED = ("dropped", "rejected", "vetoed")


@dataclass(kw_only=True)
class ClaimVerification:
    """One prompt leads. A round of claims: each of the other operators' children says what goes wrong and mends just
    that. It is run on the very rows that it was claimed from; only who mends more of them than it breaks is verified.
    Where several were verified, the `joiners` put them together in a round of their own. Who is verified and no worse
    than the leader on val leads.

    What was refuted is told to later claims (`options["refuted"]`). cases: train rows of a round of claims, all of
    them once before any twice, fewer in a small budget; rounds that join use none up. patience: rounds of claims in a
    row of which none led.
    """

    name: str = field(default="verified", init=False)
    needs: frozenset[Need] = field(default=frozenset({"train"}), init=False)
    joiners: Sequence[str] = ("unite",)
    cases: int = 12
    patience: Count = 6

    def ask(self, search: Search) -> Sequence[WorkOrder]:
        memory, leader = search.memory, self._leader(search)
        joiners = [name for name in search.operators if name in self.joiners]
        together = [one for one in memory.get("verified", []) if search.archive[one].status != "vetoed"]
        memory["joining"] = bool(joiners) and len(together) > 1
        if memory["joining"]:
            base = memory["base"]
            return [WorkOrder(operator=name, parents=(base, *together)) for name in joiners]
        if memory.get("barren", 0) >= self.patience:
            return []
        turn = memory.get("turns", 0)
        rows = next_minibatch(search, min(self.cases, max(_LEAST_ROWS, search.total_runs // _ROWS_OF_THE_WHOLE)), turn)
        memory |= {"rows": list(rows), "base": leader, "verified": [], "turns": turn + 1}
        told = {"refuted": memory.get("refuted", [])}
        return [
            WorkOrder(operator=name, parents=(leader,), cases=len(rows), rows=rows, options=told, stream=place)
            for place, name in enumerate(search.operators)
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
        better = [one for one in pool if self._is_eligible(search, one) and one != before]
        gains = {one: self._mean_gain(search, one, before) for one in better}
        best = max(gains, key=lambda one: gains[one], default="")
        if best and gains[best] >= 0:
            memory |= {"leader": best, "barren": 0}
        elif not memory.get("joining"):
            memory["barren"] = memory.get("barren", 0) + 1
        stay = {before, memory.get("leader", before), *memory.get("verified", [])}
        return {one: "keep" if one in stay else "drop" for one in pool}

    def final(self, search: Search) -> str:
        return self._leader(search)

    def _verify(self, search: Search, pool: Sequence[str]) -> None:
        """Sort the claims of this round; the rationale of a refuted one is remembered."""
        memory = search.memory
        for one in pool:
            claim = search.archive[one]
            gains = search.archive.scores.paired(one, memory["base"], memory["rows"])
            if claim.parents[:1] != (memory["base"],) or claim.round != search.round or not gains:
                continue
            memory["claimed"] = memory.get("claimed", 0) + 1
            if sum(gains) > 0:
                memory["verified"] = [*memory["verified"], one]
            else:
                memory["refuted"] = [*memory.get("refuted", []), claim.rationale][-_REMEMBERED:]

    def _is_eligible(self, search: Search, one: str) -> bool:
        """Verified, made of what was verified, or a person's; and measured on val well enough."""
        claim, scores = search.archive[one], search.archive.scores
        if claim.status in _EXCLUDED:
            return False
        if (
            claim.operator != "person"
            and one not in search.memory.get("verified", [])
            and not search.memory.get("joining")
        ):
            return False
        return scores.count(one, search.val) * 2 >= max(1, scores.count(self._leader(search), search.val))

    def _mean_gain(self, search: Search, one: str, other: str) -> float:
        gains = search.archive.scores.paired(one, other, search.val)
        return fmean(gains) if gains else -1.0

    def _leader(self, search: Search) -> str:
        """Who led last, unless a person took it out."""
        named = str(search.memory.get("leader", search.archive.baseline.id))
        return named if search.archive[named].status not in _EXCLUDED else best_mean(search)
