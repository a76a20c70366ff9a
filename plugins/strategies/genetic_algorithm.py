"""A genetic algorithm: parents by fitness, children by the recipe's operators, the fittest survive."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Literal

from ...core.option_types import Count
from ...core.protocols import NEEDS_NOTHING, Decision
from ...core.search_types import Search, WorkOrder
from ..algorithms.fitness import fitness, fittest, select_views
from ..algorithms.population import affordable_count, current_population, operator_weights, seed_orders, survivors
from ..algorithms.selection import human_candidates, labelled_train

# Keeps roulette selection defined when all fitness values are 0.
_MIN_WEIGHT = 1e-3


@dataclass(kw_only=True)
class GeneticAlgorithm:
    """EvoPrompt GA (arXiv 2309.08532), CAPO (arXiv 2504.16005) and TAPO (arXiv 2501.06689), by its options.

    In a small budget generations are smaller: a quarter of what remains has to measure them on `rows` examples each.

    Args:
        seeds: Operator → orders on the baseline in the first round.
        dress: An operator that works once on every seed in the second round, before anything is measured.
        size: Population size, and the size of the first generation with the baseline.
        children: Orders in a later round.
        rows: Examples that each child is expected to be measured on.
        parents: `roulette` (probability by fitness), `tournament` (best of `contestants`) or `uniform`.
        contestants: Size of a tournament.
        cases: Train examples that a parent runs on for operators that read failures.
        dress_cases: The same for `dress`.
        views: Fitness as metric → weight.
        choose: Whether the planner chooses among the metrics; a rule does if the plan names none.
        pairs: Operators that need two parents, and so seed nothing if the recipe names no seeds.
    """

    name = "genetic"
    needs = NEEDS_NOTHING

    seeds: Mapping[str, int] = field(default_factory=dict)
    dress: str = ""
    size: Count = 10
    children: Count = 10
    rows: int = 8
    parents: Literal["roulette", "tournament", "uniform"] = "roulette"
    contestants: int = 3
    cases: int = 0
    dress_cases: int = 0
    views: Mapping[str, float] = field(default_factory=lambda: {"accuracy": 1.0})
    choose: bool = False
    pairs: Sequence[str] = ("phrase-crossover", "merge")

    def ask(self, search: Search) -> Sequence[WorkOrder]:
        dressing = search.round == 2 and self.dress in search.operators
        begins = search.round == 1 or dressing
        fit = affordable_count(search, self.size - 1 if begins else self.children, self.rows)
        if dressing:
            return self._first_orders(search, fit)
        if begins:
            return seed_orders(search, self.seeds, fit, self.cases, self.pairs)
        return self._breeding_orders(search, fit)

    def pool(self, search: Search, new: Sequence[str]) -> Sequence[str]:
        start = search.archive.baseline.id
        if search.round == 1 and self.dress in search.operators:
            search.memory["seeds"] = list(new[: self.size - 1])
            return []
        if search.round == 2 and "seeds" in search.memory:
            dressed = {search.archive[name].parents[0] for name in new}
            bare = [name for name in search.memory["seeds"] if name not in dressed]
            return list(dict.fromkeys([start, *human_candidates(search), *new, *bare]))
        older = current_population(search, self.size, self._views(search)) if search.round > 1 else [start]
        return list(dict.fromkeys([*older, *human_candidates(search), *new[: max(self.size, self.children)]]))

    def tell(self, search: Search, pool: Sequence[str], verdicts: Mapping[str, Decision]) -> Mapping[str, Decision]:
        lost = [name for name in pool if verdicts.get(name) == "drop"]
        return survivors(search, pool, self.size, self._views(search), lost)

    def final(self, search: Search) -> str:
        return fittest(search, self._views(search))

    def _first_orders(self, search: Search, most: int) -> list[WorkOrder]:
        """Every seed, and the baseline as often as seeds are missing.

        Each runs on train examples of its own: on the same ones all would be right on the same few and get the same
        demos.
        """
        seeds = list(search.memory.get("seeds", ()))
        parents = [*seeds, *[search.archive.baseline.id] * max(1, most - len(seeds))]
        rng, labelled = search.rng("dressing"), labelled_train(search)
        cases = min(self.dress_cases, search.remaining_runs // (4 * len(parents)), len(labelled))
        return [
            WorkOrder(
                operator=self.dress,
                parents=(name,),
                stream=index,
                cases=cases,
                rows=tuple(rng.sample(labelled, cases)),
            )
            for index, name in enumerate(parents)
        ]

    def _breeding_orders(self, search: Search, most: int) -> list[WorkOrder]:
        rng = search.rng("parents")
        alive = current_population(search, self.size, self._views(search))
        fitness_by_id = fitness(search, alive, self._views(search))
        makers = operator_weights(search, [*self.seeds, self.dress])
        orders = []
        for index in range(most):
            operator = rng.choices(list(makers), list(makers.values()))[0]
            first = self._draw(alive, fitness_by_id, rng)
            others = [name for name in alive if name != first]
            pair = (first, self._draw(others, fitness_by_id, rng)) if others else (first,)
            orders.append(WorkOrder(operator=operator, parents=pair, stream=index, cases=self.cases))
        return orders

    def _draw(self, names: Sequence[str], fitness_by_id: Mapping[str, float], rng: Random) -> str:
        if self.parents == "roulette":
            return rng.choices(names, [max(_MIN_WEIGHT, fitness_by_id.get(name, 0.0)) for name in names])[0]
        if self.parents == "tournament":
            contestants = rng.sample(list(names), min(self.contestants, len(names)))
            return max(contestants, key=lambda name: fitness_by_id.get(name, 0.0))
        return rng.choice(list(names))

    def _views(self, search: Search) -> Mapping[str, float]:
        return select_views(search, self.views) if self.choose else self.views
