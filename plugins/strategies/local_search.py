"""Local search: propose neighbors of one prompt, measure them, move to one of them. Subclasses choose the move."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...core.option_types import Count
from ...core.protocols import NEEDS_NOTHING, Decision
from ...core.search_types import Search, WorkOrder
from ..algorithms.fitness import fitness, fittest
from ..algorithms.pool_helpers import human_candidates
from ..algorithms.population import affordable_count

ACCURACY: Mapping[str, float] = {"accuracy": 1.0}


@dataclass(kw_only=True)
class LocalSearch(ABC):
    """What the searches over neighbors share.

    Args:
        neighbours: Proposals per round, of operators drawn by their weights; fewer in a small budget: a quarter of what
            remains has to measure them on `rows` examples each.
        rows: Examples that each neighbor is expected to be measured on.
        iterations: Rounds at most.
        patience: Rounds without a new best that end the search.
        cases: Train examples that the prompt runs on first, for operators that read failures.
    """

    needs = NEEDS_NOTHING

    neighbours: Count = 5
    rows: int = 4
    iterations: int = 50
    patience: int = 7
    cases: int = 0

    @abstractmethod
    def choose_next(self, search: Search, current: str, fitness_by_id: Mapping[str, float]) -> str:
        """The next prompt, from the fitness of the current one and its measured neighbors."""

    def ask(self, search: Search) -> Sequence[WorkOrder]:
        memory = search.memory
        if memory.get("rounds", 0) >= self.iterations or memory.get("stale", 0) >= self.patience:
            return []
        names, weights = list(search.operators), list(search.operators.values())
        count = affordable_count(search, self.neighbours, self.rows)
        counts = Counter(search.rng("operators").choices(names, weights, k=count))
        cases = min(self.cases, search.remaining_runs // 4)
        return [
            WorkOrder(operator=name, parents=(self._current(search),), count=counts[name], cases=cases, stream=place)
            for place, name in enumerate(names)
            if counts[name]
        ]

    def pool(self, search: Search, new: Sequence[str]) -> Sequence[str]:
        return list(dict.fromkeys([self._current(search), *human_candidates(search), *new]))

    def tell(self, search: Search, pool: Sequence[str], verdicts: Mapping[str, Decision]) -> Mapping[str, Decision]:
        memory, now = search.memory, self._current(search)
        fitness_by_id = fitness(search, pool, ACCURACY)
        memory["rounds"] = memory.get("rounds", 0) + 1
        if now not in fitness_by_id:
            return {}
        memory["now"] = self.choose_next(search, now, fitness_by_id)
        best = fittest(search, ACCURACY)
        memory["stale"] = memory.get("stale", 0) + 1 if memory.get("best") == best else 0
        memory["best"] = best
        stays = {memory["now"], best, search.archive.baseline.id}
        return {name: "keep" if name in stays else "drop" if name in fitness_by_id else "undecided" for name in pool}

    def final(self, search: Search) -> str:
        return fittest(search, ACCURACY)

    def _current(self, search: Search) -> str:
        """The current prompt, or the best one if it was vetoed."""
        now = str(search.memory.get("now", search.archive.baseline.id))
        alive = {candidate.id for candidate in search.archive.alive}
        return now if now in alive else fittest(search, ACCURACY)


@dataclass(kw_only=True)
class HillClimbing(LocalSearch):
    """Moves to the best neighbor if it is better."""

    name = "hill-climbing"

    def choose_next(self, search: Search, current: str, fitness_by_id: Mapping[str, float]) -> str:
        return max(fitness_by_id, key=lambda name: (fitness_by_id[name], name == current))
