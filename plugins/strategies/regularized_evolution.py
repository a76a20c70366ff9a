"""Regularized evolution (Real et al. 2019), as PromptQuine uses it on pruned prompts (arXiv 2506.17930)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from ...core.option_types import Count
from ...core.protocols import NEEDS_NOTHING, Decision
from ...core.search_types import Search, WorkOrder
from ..algorithms.fitness import fitness, fittest
from ..algorithms.population import affordable_count, operator_weights, seed_orders
from ..algorithms.selection import human_candidates
from .local_search import ACCURACY


@dataclass(kw_only=True)
class RegularizedEvolution:
    """Children of tournament winners enter, the oldest leave however good they are; of the rest the best survive.

    Args:
        seeds: Operator → orders on the baseline in the first round; the best seed is the prompt that evolution begins
            from.
        size: Population size.
        children: Orders per round, fewer in a small budget (see `affordable_count`).
        rows: Examples that each child is expected to be measured on.
        tournament: Share of the population in a tournament.
        survivors: The best of the `newest` (as many as came, and at least `size`), or the `best` of all (steady state).
        remembered: Share of the best ever that may still win after leaving.
    """

    name = "regularized-evolution"
    needs = NEEDS_NOTHING

    seeds: Mapping[str, int] = field(default_factory=dict)
    size: Count = 30
    children: Count = 50
    rows: int = 8
    tournament: float = 0.2
    survivors: Literal["newest", "best"] = "newest"
    remembered: float = 0.1

    def ask(self, search: Search) -> Sequence[WorkOrder]:
        if search.round == 1 and any(name in search.operators for name in self.seeds):
            return seed_orders(search, self.seeds, affordable_count(search, sum(self.seeds.values()), self.rows))
        rng, makers = search.rng("tournament"), operator_weights(search, list(self.seeds))
        population = self._population(search)
        fitness_by_id = fitness(search, population, ACCURACY)
        orders = []
        for index in range(affordable_count(search, self.children, self.rows)):
            contestants = rng.sample(population, max(1, math.ceil(self.tournament * len(population))))
            operator = rng.choices(list(makers), list(makers.values()))[0]
            winner = max(contestants, key=lambda name: fitness_by_id.get(name, 0.0))
            orders.append(WorkOrder(operator=operator, parents=(winner,), stream=index))
        return orders

    def pool(self, search: Search, new: Sequence[str]) -> Sequence[str]:
        first = [search.archive.baseline.id] if search.round == 1 else []
        return list(dict.fromkeys([*first, *human_candidates(search), *new]))

    def tell(self, search: Search, pool: Sequence[str], verdicts: Mapping[str, Decision]) -> Mapping[str, Decision]:
        archive, old = search.archive, list(search.memory.get("population", ()))
        fitness_by_id = fitness(search, [candidate.id for candidate in archive.alive], ACCURACY)
        ranked = sorted(fitness_by_id, key=lambda name: -fitness_by_id[name])
        came = [name for name in pool if name in fitness_by_id]
        seeds = [] if old else [name for name in came if archive[name].operator in self.seeds]
        if seeds:
            population = [max(seeds, key=lambda name: fitness_by_id[name])]
        else:
            able = [name for name in archive.candidates if name in {*old, *came}]
            if self.survivors == "newest":
                able = able[-max(self.size, len(came)) :]
            population = [name for name in ranked if name in able][: self.size]
        search.memory["population"] = population
        best = ranked[: max(1, math.ceil(self.remembered * len(ranked)))]
        remaining = {*population, *best, archive.baseline.id}
        return {name: "keep" if name in remaining else "drop" for name in dict.fromkeys([*old, *came])}

    def final(self, search: Search) -> str:
        return fittest(search, ACCURACY)

    def _population(self, search: Search) -> list[str]:
        alive = {candidate.id for candidate in search.archive.alive}
        return [name for name in search.memory.get("population", ()) if name in alive] or [search.archive.baseline.id]
