"""Differential evolution (EvoPrompt DE, arXiv 2309.08532): each member of the population against its own child."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ...core.option_types import Count
from ...core.protocols import NEEDS_NOTHING, Decision
from ...core.search_types import Search, WorkOrder
from ..algorithms.fitness import fitness, fittest
from ..algorithms.population import affordable_count, current_population, operator_weights, seed_orders, survivors
from ..algorithms.selection import human_candidates, measured_ids


@dataclass(kw_only=True)
class DifferentialEvolution:
    """A child replaces only its base, and only if it is better on the same examples.

    Orders carry four parents: the base, two others, the best. In a small budget fewer bases have a child per round, in
    turn.

    Args:
        seeds: As in `genetic`, like all other options.
    """

    name = "differential"
    needs = NEEDS_NOTHING

    seeds: Mapping[str, int] = field(default_factory=dict)
    size: Count = 10
    rows: int = 8
    cases: int = 0
    views: Mapping[str, float] = field(default_factory=lambda: {"accuracy": 1.0})

    def ask(self, search: Search) -> Sequence[WorkOrder]:
        fit = affordable_count(search, self.size, self.rows)
        if search.round == 1:
            return seed_orders(search, self.seeds, min(self.size - 1, fit), self.cases)
        rng = search.rng("others")
        alive = current_population(search, self.size, self.views)
        makers = operator_weights(search, list(self.seeds))
        members, at = sorted(alive), search.memory.get("turn", 0)
        bases = [members[(at + index) % len(members)] for index in range(min(fit, len(members)))]
        search.memory["turn"] = at + len(bases)
        orders = []
        for index, base in enumerate(bases):
            operator = rng.choices(list(makers), list(makers.values()))[0]
            others = [name for name in alive if name != base]
            partners = rng.sample(others, min(2, len(others)))
            orders.append(
                WorkOrder(operator=operator, parents=(base, *partners, alive[0]), stream=index, cases=self.cases)
            )
        return orders

    def pool(self, search: Search, new: Sequence[str]) -> Sequence[str]:
        older = current_population(search, self.size, self.views) if search.round > 1 else [search.archive.baseline.id]
        return list(dict.fromkeys([*older, *human_candidates(search), *new[: self.size]]))

    def tell(self, search: Search, pool: Sequence[str], verdicts: Mapping[str, Decision]) -> Mapping[str, Decision]:
        if search.round == 1:
            return survivors(search, pool, self.size, self.views)
        measured = measured_ids(search, pool)
        lost = {name for name in pool if verdicts.get(name) == "drop"}
        for base in [name for name in measured if search.archive[name].round < search.run_round]:
            children = [name for name in measured if self._is_child(search, name, base)]
            fitness_by_id = fitness(search, [base, *children], self.views)
            champion = max(children, key=lambda name: fitness_by_id[name], default=base)
            better = champion not in lost and (base in lost or fitness_by_id[champion] > fitness_by_id[base])
            lost |= {base, *children} - {champion if better else base}
        return survivors(search, pool, self.size, self.views, sorted(lost))

    def final(self, search: Search) -> str:
        return fittest(search, self.views)

    def _is_child(self, search: Search, name: str, base: str) -> bool:
        candidate = search.archive[name]
        return (
            candidate.round == search.run_round and candidate.operator != "person" and candidate.parents[:1] == (base,)
        )
