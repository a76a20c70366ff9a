"""Simulated annealing (Kirkpatrick et al. 1983), as Plum uses it on phrases."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from ...core.search_types import Search
from .local_search import LocalSearch


@dataclass(kw_only=True)
class SimulatedAnnealing(LocalSearch):
    """Moves to the best neighbor if it is no worse, else with probability exp(-loss / temperature).

    Args:
        temperature: Initial temperature, in score units in [0, 1].
        cooling: Factor per round.
    """

    name = "annealing"

    temperature: float = 0.1
    cooling: float = 0.85

    def choose_next(self, search: Search, current: str, fitness_by_id: Mapping[str, float]) -> str:
        others = [name for name in fitness_by_id if name != current]
        if not others:
            return current
        best = max(others, key=lambda name: fitness_by_id[name])
        loss = fitness_by_id[current] - fitness_by_id[best]
        warmth = self.temperature * self.cooling ** (search.memory["rounds"] - 1)
        chance = 1.0 if loss <= 0 else math.exp(-loss / warmth) if warmth > 0 else 0.0
        return best if search.rng("accept").random() < chance else current
