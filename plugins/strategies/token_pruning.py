"""Pruning from left to right (TAPruning of PromptQuine, arXiv 2506.17930)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ...core.protocols import NEEDS_NOTHING, Decision
from ...core.search_types import Search, WorkOrder
from ..algorithms.fitness import fitness, fittest
from ..algorithms.population import affordable_count, operator_weights, seed_orders
from ..algorithms.selection import human_candidates
from .local_search import ACCURACY

# One position without a proposal may be a duplicate; three are the end of the prompt.
_MISSES_AT_END = 3


@dataclass(kw_only=True)
class TokenPruning:
    """Removes one token after another; a removal stays if the score is at least `threshold` of the best so far.

    The first operator that is no seed receives the position as the option `at` of its order; the prompt has ended when
    it proposes nothing at three positions in a row. The pruned prompt wins if it is still within the threshold in the
    end.

    Args:
        seeds: As in `regularized-evolution`.
        threshold: Share of the best score that a pruned prompt keeps.
        rows: Examples that each seed is expected to be measured on.
    """

    name = "pruning"
    needs = NEEDS_NOTHING

    seeds: Mapping[str, int] = field(default_factory=lambda: {"demos": 4})
    threshold: float = 0.96
    rows: int = 8

    def ask(self, search: Search) -> Sequence[WorkOrder]:
        if search.round == 1 and any(name in search.operators for name in self.seeds):
            return seed_orders(search, self.seeds, affordable_count(search, sum(self.seeds.values()), self.rows))
        if search.memory.get("beyond", 0) >= _MISSES_AT_END:
            return []
        operator = next(iter(operator_weights(search, list(self.seeds))))
        at = search.memory.setdefault("at", 0)
        return [WorkOrder(operator=operator, parents=(self._current(search),), options={"at": at})]

    def pool(self, search: Search, new: Sequence[str]) -> Sequence[str]:
        first = [search.archive.baseline.id] if "now" not in search.memory else []
        return list(dict.fromkeys([*first, *human_candidates(search), *new]))

    def tell(self, search: Search, pool: Sequence[str], verdicts: Mapping[str, Decision]) -> Mapping[str, Decision]:
        memory, start = search.memory, search.archive.baseline.id
        fitness_by_id = fitness(search, [candidate.id for candidate in search.archive.alive], ACCURACY)
        measured = [name for name in pool if name in fitness_by_id and name != start]
        if "now" not in memory:
            seeds = [name for name in measured if search.archive[name].operator in self.seeds]
            memory["now"] = memory["fixed"] = max(seeds, key=lambda name: fitness_by_id[name]) if seeds else start
            if seeds or not measured:
                return {
                    name: "keep" if name in (memory["now"], start) else "drop" for name in pool if name in fitness_by_id
                }
        memory["beyond"] = 0 if measured else memory.get("beyond", 0) + 1
        pruned = (name for name in fitness_by_id if search.archive[name].operator not in self.seeds and name != start)
        best = max((fitness_by_id[name] for name in {memory["fixed"], *pruned} if name in fitness_by_id), default=0.0)
        accepted = [name for name in measured if fitness_by_id[name] >= self.threshold * best]
        if accepted:
            memory["now"] = accepted[-1]
        else:
            memory["at"] = memory.get("at", 0) + 1
        return {name: "keep" if name in accepted else "drop" for name in measured}

    def final(self, search: Search) -> str:
        best, current = fittest(search, ACCURACY), self._current(search)
        fitness_by_id = fitness(search, [best, current], ACCURACY)
        return (
            current
            if fitness_by_id.get(current, 0.0) >= self.threshold * fitness_by_id.get(best, 1.0)
            and current in fitness_by_id
            else best
        )

    def _current(self, search: Search) -> str:
        current = str(search.memory.get("now", search.archive.baseline.id))
        return current if current in {candidate.id for candidate in search.archive.alive} else fittest(search, ACCURACY)
