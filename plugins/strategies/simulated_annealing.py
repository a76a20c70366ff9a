"""Simulated annealing (Kirkpatrick et al. 1983), as Plum uses it on phrases."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from ...core.search_types import Search
from .local_search import LocalSearch


@dataclass(kw_only=True)
class SimulatedAnnealing(LocalSearch):
    """To the best neighbour if it is no worse, else with the chance exp(-loss / temperature).

    temperature: at the beginning, in the units of scores in [0, 1]. cooling: what is left of it after each round.
    """

    name: str = field(default="annealing", init=False)
    temperature: float = 0.1
    cooling: float = 0.85

    def choose_next(self, search: Search, now: str, told: Mapping[str, float]) -> str:
        others = [name for name in told if name != now]
        if not others:
            return now
        best = max(others, key=lambda name: told[name])
        loss = told[now] - told[best]
        warmth = self.temperature * self.cooling ** (search.memory["rounds"] - 1)
        chance = 1.0 if loss <= 0 else math.exp(-loss / warmth) if warmth > 0 else 0.0
        return best if search.rng("accept").random() < chance else now
