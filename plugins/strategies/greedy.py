"""One prompt, one step at a time: each step is accepted by a rule or undone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any, Literal

from ...core.protocols import NEEDS_NOTHING, Decision
from ...core.search_types import Search, WorkOrder
from ..algorithms.selection import best_mean, human_candidates
from .grow_and_prune import is_significant
from .pareto import next_minibatch

AcceptanceRule = Literal["better", "no-worse", "sure", "always"]
# Lets a small budget last for several steps.
_STEPS_PER_BUDGET = 20
# One example alone is right or wrong by chance.
_MIN_MINIBATCH = 2


@dataclass(kw_only=True)
class GreedySearch:
    """Each round every operator makes a step from the current prompt; the best on the same val examples is accepted or
    undone.

    Args:
        accept: `better`, `no-worse`, `sure` (by `z` standard errors of the paired difference), or `always`: a chain
            without an acceptance test, whose best member wins.
        minibatch: Train examples that a step learns from, all of them once before any twice, fewer in a small budget.
        patience: Undone steps in a row that end the search; 0 is never.
        z: Standard errors for `sure`.
    """

    name = "greedy"
    needs = NEEDS_NOTHING

    accept: AcceptanceRule = "better"
    minibatch: int = 8
    patience: int = 0
    z: float = 1.0

    def ask(self, search: Search) -> Sequence[WorkOrder]:
        if self.patience and search.memory.get("back", 0) >= self.patience:
            return []
        rows = next_minibatch(search, min(self.minibatch, max(_MIN_MINIBATCH, search.total_runs // _STEPS_PER_BUDGET)))
        current, options = self._current(search), self._operator_options(search)
        return [
            WorkOrder(operator=name, parents=(current,), cases=len(rows), rows=rows, stream=index, options=options)
            for index, name in enumerate(search.operators)
        ]

    def pool(self, search: Search, new: Sequence[str]) -> Sequence[str]:
        current = self._current(search)
        people = human_candidates(search)
        if new or people or not search.archive.scores.count(current, search.val):
            return list(dict.fromkeys([current, *people, *new]))
        return []

    def tell(self, search: Search, pool: Sequence[str], verdicts: Mapping[str, Decision]) -> Mapping[str, Decision]:
        """Former prompts stay: if the present one is vetoed, the best of them leads again."""
        current = self._current(search)
        best, gains = self._best(search, pool, current)
        moved = bool(best) and self._accepts(gains)
        if moved:
            search.memory["now"] = best
        if pool:
            search.memory["back"] = 0 if moved else search.memory.get("back", 0) + 1
        stays = {current, *([best] if moved else [])}
        scored = [name for name in pool if search.archive.scores.count(name, search.val)]
        return {name: "keep" if name in stays or self._was_current(search, name) else "drop" for name in scored}

    def final(self, search: Search) -> str:
        return best_mean(search) if self.accept == "always" else self._current(search)

    def _operator_options(self, search: Search) -> Mapping[str, Any]:
        """Options for the operators; none here."""
        return {}

    def _current(self, search: Search) -> str:
        current = str(search.memory.get("now", search.archive.baseline.id))
        return current if _is_eligible(search, current) else best_mean(search)

    def _best(self, search: Search, pool: Sequence[str], current: str) -> tuple[str, list[float]]:
        """The new candidate with the highest mean paired gain on at least half the current prompt's examples."""
        scores, best, most = search.archive.scores, "", [-2.0]
        enough = scores.count(current, search.val) / 2
        for name in pool:
            gains = scores.paired(name, current, search.val) if name != current and _is_eligible(search, name) else []
            if gains and len(gains) >= enough and fmean(gains) > fmean(most):
                best, most = name, gains
        return best, most

    def _accepts(self, gains: Sequence[float]) -> bool:
        match self.accept:
            case "better":
                return fmean(gains) > 0
            case "no-worse":
                return fmean(gains) >= 0
            case "sure":
                return is_significant(gains, self.z)
            case "always":
                return True

    def _was_current(self, search: Search, name: str) -> bool:
        return search.archive[name].status in ("kept", "pinned")


def _is_eligible(search: Search, name: str) -> bool:
    """A person may have vetoed it while it was measured."""
    return search.archive[name].status not in ("dropped", "rejected", "vetoed")
