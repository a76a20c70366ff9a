"""Harmony search (Geem et al. 2001), as Plum uses it on phrases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...core.option_types import Count
from ...core.protocols import NEEDS_NOTHING, Decision
from ...core.search_types import Search, WorkOrder
from ..algorithms.fitness import fittest
from ..algorithms.population import affordable_count, current_population, seed_orders, survivors
from ..algorithms.selection import human_candidates
from .local_search import ACCURACY


@dataclass(kw_only=True)
class HarmonySearch:
    """A memory of prompts; each round new ones are improvised from it and the best `size` stay.

    `considering` and `adjusting` go to the operators as options of the order, with the memory as parents; an operator
    that does not improvise works on the first parent, a random member.

    Args:
        size: Prompts in the memory.
        improvisations: New prompts per round.
        considering: Probability that a position of a new prompt is taken from the memory.
        adjusting: Probability that it is then edited.
        rows: Examples that each prompt is expected to be measured on.
        iterations: Rounds at most.
        patience: Rounds without a new best that end the search.
    """

    name = "harmony"
    needs = NEEDS_NOTHING

    size: Count = 10
    improvisations: Count = 4
    considering: float = 0.4
    adjusting: float = 0.5
    rows: int = 4
    iterations: int = 50
    patience: int = 7

    def ask(self, search: Search) -> Sequence[WorkOrder]:
        memory = search.memory
        if search.round == 1:
            count = min(self.size - 1, affordable_count(search, self.size - 1, self.rows))
            return seed_orders(search, dict.fromkeys(search.operators, count), count)
        if search.round > self.iterations or memory.get("stale", 0) >= self.patience:
            return []
        rng, names = search.rng("harmony"), list(search.operators)
        members = current_population(search, self.size, ACCURACY)
        operators = rng.choices(
            names, list(search.operators.values()), k=affordable_count(search, self.improvisations, self.rows)
        )
        options = {"considering": self.considering, "adjusting": self.adjusting}
        return [
            WorkOrder(operator=name, parents=tuple(rng.sample(members, len(members))), options=options, stream=index)
            for index, name in enumerate(operators)
        ]

    def pool(self, search: Search, new: Sequence[str]) -> Sequence[str]:
        members = current_population(search, self.size, ACCURACY)
        return list(dict.fromkeys([*members, *human_candidates(search), *new]))

    def tell(self, search: Search, pool: Sequence[str], verdicts: Mapping[str, Decision]) -> Mapping[str, Decision]:
        best, memory = fittest(search, ACCURACY), search.memory
        memory["stale"] = memory.get("stale", 0) + 1 if memory.get("best") == best else 0
        memory["best"] = best
        return survivors(search, pool, self.size, ACCURACY)

    def final(self, search: Search) -> str:
        return fittest(search, ACCURACY)
