"""One prompt at a time: propose neighbours, measure them, go on from one of them. The rule of going differs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ...core.option_types import Count
from ...core.protocols import Decision, Need
from ...core.search_types import Search, WorkOrder
from ..algorithms.fitness import fitness, fittest
from ..algorithms.pool_helpers import human_candidates
from ..algorithms.population import affordable_count

ACCURACY: Mapping[str, float] = {"accuracy": 1.0}


@dataclass(kw_only=True)
class LocalSearch(ABC):
    """What the searches over neighbours share.

    neighbours: proposals a round, of operators drawn by their weights; fewer where the room is short: a quarter of it
    has to measure them on `rows` rows each. iterations: the most rounds. patience: rounds without a new best that end
    the search. cases: train rows the prompt is run on first, for operators that read failures.
    """

    needs: frozenset[Need] = field(default=frozenset(), init=False)
    neighbours: Count = 5
    rows: int = 4
    iterations: int = 50
    patience: int = 7
    cases: int = 0

    @abstractmethod
    def choose_next(self, search: Search, now: str, told: Mapping[str, float]) -> str:
        """Where the walk goes on: one of `told`, which holds the fitness of `now` and of its measured neighbours."""

    def ask(self, search: Search) -> Sequence[WorkOrder]:
        memory = search.memory
        if memory.get("rounds", 0) >= self.iterations or memory.get("stale", 0) >= self.patience:
            return []
        names, weights = list(search.operators), list(search.operators.values())
        count = affordable_count(search, self.neighbours, self.rows)
        drawn = Counter(search.rng("operators").choices(names, weights, k=count))
        cases = min(self.cases, search.remaining_runs // 4)
        return [
            WorkOrder(operator=name, parents=(self._current(search),), count=drawn[name], cases=cases, stream=place)
            for place, name in enumerate(names)
            if drawn[name]
        ]

    def pool(self, search: Search, new: Sequence[str]) -> Sequence[str]:
        return list(dict.fromkeys([self._current(search), *human_candidates(search), *new]))

    def tell(self, search: Search, pool: Sequence[str], verdicts: Mapping[str, Decision]) -> Mapping[str, Decision]:
        memory, now = search.memory, self._current(search)
        told = fitness(search, pool, ACCURACY)
        memory["rounds"] = memory.get("rounds", 0) + 1
        if now not in told:
            return {}
        memory["now"] = self.choose_next(search, now, told)
        best = fittest(search, ACCURACY)
        memory["stale"] = memory.get("stale", 0) + 1 if memory.get("best") == best else 0
        memory["best"] = best
        kept = {memory["now"], best, search.archive.baseline.id}
        return {name: "keep" if name in kept else "drop" if name in told else "undecided" for name in pool}

    def final(self, search: Search) -> str:
        return fittest(search, ACCURACY)

    def _current(self, search: Search) -> str:
        """Where the walk is. A prompt that a person took out is left for the best that is there."""
        now = str(search.memory.get("now", search.archive.baseline.id))
        alive = {one.id for one in search.archive.alive}
        return now if now in alive else fittest(search, ACCURACY)


@dataclass(kw_only=True)
class HillClimbing(LocalSearch):
    """To the best neighbour, if it is better."""

    name: str = field(default="hill-climbing", init=False)

    def choose_next(self, search: Search, now: str, told: Mapping[str, float]) -> str:
        return max(told, key=lambda name: (told[name], name == now))
