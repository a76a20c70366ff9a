"""Along the planner's path (MARS, arXiv 2503.16874)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...core.protocols import NEEDS_NOTHING, Decision
from ...core.search_types import Search, WorkOrder
from ..algorithms.selection import EXCLUDED, best_mean, human_candidates


@dataclass(kw_only=True)
class PlannedPath:
    """One order per round, for one step of the path, on the newest prompt; measured after the last step of each pass.

    As published there is no acceptance test: the chain continues from the newest prompt, and the best of all measured
    wins. A path that a person replans begins at its first step, and its passes are counted from there.

    Args:
        cases: Train examples that show failures, for teams that may see them.
        passes: Passes along the path at most (the paper's ten evaluations).
        tolerance: Two passes whose scores differ by less end the search; a pass without a new prompt has no score.
    """

    name = "planned"
    needs = NEEDS_NOTHING

    cases: int = 0
    passes: int = 10
    tolerance: float = 0.01

    def ask(self, search: Search) -> Sequence[WorkOrder]:
        path, walked = self._path_position(search)
        done, index = divmod(walked, len(path))
        if done >= self.passes or (index == 0 and self._converged(search)):
            return []
        operator = next(iter(search.operators))
        return [
            WorkOrder(
                operator=operator, parents=(self._newest_candidate(search),), plan_step=path[index], cases=self.cases
            )
        ]

    def pool(self, search: Search, new: Sequence[str]) -> Sequence[str]:
        if new:
            search.memory["newest"] = new[-1]
        path, walked = self._path_position(search)
        if (walked + 1) % len(path):
            return []
        return list(
            dict.fromkeys([search.archive.baseline.id, *human_candidates(search), self._newest_candidate(search)])
        )

    def tell(self, search: Search, pool: Sequence[str], verdicts: Mapping[str, Decision]) -> Mapping[str, Decision]:
        memory = search.memory
        newest = memory.get("newest", "")
        mean = search.archive.scores.mean(newest, search.val) if newest in pool else None
        if mean is not None and newest != memory.get("measured"):
            memory |= {"measured": newest, "means": [*memory.get("means", []), mean]}
        return dict.fromkeys(pool, "keep")

    def final(self, search: Search) -> str:
        return best_mean(search)

    def _converged(self, search: Search) -> bool:
        means = search.memory.get("means", [])
        return len(means) >= 2 and means[-1] > 0 and abs(means[-1] - means[-2]) < self.tolerance

    def _path_position(self, search: Search) -> tuple[list[str], int]:
        """The path, and the number of steps taken on it before this round."""
        path, memory = list(search.plan) or [""], search.memory
        if memory.get("path") != path:
            memory |= {"path": path, "began": search.round}
        return path, search.round - int(memory["began"])

    def _newest_candidate(self, search: Search) -> str:
        """The newest prompt, unless it was vetoed."""
        newest = str(search.memory.get("newest", search.archive.baseline.id))
        return newest if search.archive[newest].status not in EXCLUDED else best_mean(search)
