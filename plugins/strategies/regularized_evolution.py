"""Regularised evolution (Real et al. 2019), as PromptQuine uses it on pruned prompts (arXiv 2506.17930)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from ...core.option_types import Count
from ...core.protocols import Decision, Need
from ...core.search_types import Search, WorkOrder
from ..algorithms.fitness import fitness, fittest
from ..algorithms.pool_helpers import human_candidates
from ..algorithms.population import affordable_count, operator_weights, seed_orders
from .local_search import ACCURACY


@dataclass(kw_only=True)
class RegularizedEvolution:
    """Children of tournament winners come in, the oldest go out, however good they are; of the others the best live on.

    seeds: operator → orders on the start prompt in the first round; the best of what came of them is the fixed prompt
    that evolution begins from. size: who lives. children: orders a round, fewer where the room is short (see
    `afforded`). tournament: the share of the population that meets; its best is the parent. survivors: the best of the
    `newest`, who are as many as came and `size` at least, or the `best` of all for a steady state. remembered: the
    share of the best ever that may still win when they are out.
    """

    name: str = field(default="regularized-evolution", init=False)
    needs: frozenset[Need] = field(default=frozenset(), init=False)
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
        told = fitness(search, population, ACCURACY)
        orders = []
        for place in range(affordable_count(search, self.children, self.rows)):
            met = rng.sample(population, max(1, math.ceil(self.tournament * len(population))))
            operator = rng.choices(list(makers), list(makers.values()))[0]
            winner = max(met, key=lambda name: told.get(name, 0.0))
            orders.append(WorkOrder(operator=operator, parents=(winner,), stream=place))
        return orders

    def pool(self, search: Search, new: Sequence[str]) -> Sequence[str]:
        first = [search.archive.baseline.id] if search.round == 1 else []
        return list(dict.fromkeys([*first, *human_candidates(search), *new]))

    def tell(self, search: Search, pool: Sequence[str], verdicts: Mapping[str, Decision]) -> Mapping[str, Decision]:
        archive, old = search.archive, list(search.memory.get("population", ()))
        told = fitness(search, [one.id for one in archive.alive], ACCURACY)
        ranked = sorted(told, key=lambda name: -told[name])
        came = [name for name in pool if name in told]
        seeds = [] if old else [name for name in came if archive[name].operator in self.seeds]
        if seeds:
            population = [max(seeds, key=lambda name: told[name])]
        else:
            able = [name for name in archive.candidates if name in {*old, *came}]
            if self.survivors == "newest":
                able = able[-max(self.size, len(came)) :]
            population = [name for name in ranked if name in able][: self.size]
        search.memory["population"] = population
        best = ranked[: max(1, math.ceil(self.remembered * len(ranked)))]
        kept = {*population, *best, archive.baseline.id}
        return {name: "keep" if name in kept else "drop" for name in dict.fromkeys([*old, *came])}

    def final(self, search: Search) -> str:
        return fittest(search, ACCURACY)

    def _population(self, search: Search) -> list[str]:
        alive = {one.id for one in search.archive.alive}
        return [name for name in search.memory.get("population", ()) if name in alive] or [search.archive.baseline.id]
