"""Along the planner's path (MARS, arXiv 2503.16874)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ...core.contracts import Decision, Need, Order, Search
from .choosing import best_mean
from .entering import by_hand


@dataclass(kw_only=True)
class Planned:
    """One order a round, for one step of the path, on the newest prompt; measured after the last step of each pass.

    As published there is no acceptance test: the chain goes on from the newest prompt, and the best of all measured
    ends it. cases: train rows to show failures from, for teams that may see them. passes: the most walks along the
    path (the paper's ten evaluations). tolerance: two passes that score alike end it.
    """

    name: str = field(default="planned", init=False)
    needs: frozenset[Need] = field(default=frozenset(), init=False)
    cases: int = 0
    passes: int = 10
    tolerance: float = 0.01

    def ask(self, search: Search) -> Sequence[Order]:
        path = search.plan or ("",)
        done, place = divmod(search.round - 1, len(path))
        if done >= self.passes or (place == 0 and self._converged(search)):
            return []
        parent = search.memory.get("newest", search.archive.start.id)
        operator = next(iter(search.operators))
        return [Order(operator=operator, parents=(parent,), plan_step=path[place], cases=self.cases)]

    def pool(self, search: Search, new: Sequence[str]) -> Sequence[str]:
        if new:
            search.memory["newest"] = new[-1]
        newest = search.memory.get("newest", search.archive.start.id)
        if search.round % max(1, len(search.plan)):
            return []
        return list(dict.fromkeys([search.archive.start.id, *by_hand(search), newest]))

    def tell(self, search: Search, pool: Sequence[str], verdicts: Mapping[str, Decision]) -> Mapping[str, Decision]:
        if pool:
            mean = search.archive.scores.mean(pool[-1], search.val)
            search.memory["means"] = [*search.memory.get("means", []), mean if mean is not None else 0.0]
        return dict.fromkeys(pool, "keep")

    def final(self, search: Search) -> str:
        return best_mean(search)

    def _converged(self, search: Search) -> bool:
        means = search.memory.get("means", [])
        return len(means) >= 2 and means[-1] > 0 and abs(means[-1] - means[-2]) < self.tolerance
