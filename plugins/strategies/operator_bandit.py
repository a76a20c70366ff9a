"""A bandit over operators: what has paid off so far is asked again (our own, the strategy of `auto`)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from ...core.protocols import Decision, Need
from ...core.search_types import Search, WorkOrder
from ...core.stats.pooled_estimate import PooledEstimate, pooled_estimates

_GAIN_SCALE = 0.05
_GAIN_PRIOR = 3.0


@dataclass(kw_only=True)
class OperatorBandit:
    """First a pool of seeds on the start prompt, then rounds of children of the leaders.

    An operator is drawn with a chance that grows with its prior weight and with the shrunken gain of its children
    over their parents, both as estimated on all of val; one that proposes nothing is asked less.

    seeds: operator → proposals of the first round. children: orders of a later round. leaders: parents are drawn
    among so many, the best most often; for the `levelling` operators, which take out a shift towards a label or a
    place, the best without their shift. authors: operators that ask a model; author_orders: at most so many of them a
    round. cases: train rows a leader is run on for authors that read failures, which all do but the `blind` ones.
    closing: below this share of the room nothing new is proposed.
    """

    name: str = field(default="bandit", init=False)
    needs: frozenset[Need] = field(default=frozenset({"train", "references"}), init=False)
    seeds: Mapping[str, int] = field(default_factory=dict)
    children: int = 6
    leaders: int = 3
    authors: Sequence[str] = ()
    blind: Sequence[str] = ()
    levelling: Sequence[str] = ()
    author_orders: int = 1
    cases: int = 4
    closing: float = 0.35

    def ask(self, search: Search) -> Sequence[WorkOrder]:
        start = search.archive.baseline.id
        if search.round == 1:
            return [
                WorkOrder(operator=name, parents=(start,), count=self.seeds[name], stream=place)
                for place, name in enumerate(search.operators)
                if self.seeds.get(name)
            ]
        if search.remaining_runs <= self.closing * search.total_runs and not self._fully_measured(search):
            return []
        rng, told = search.rng("orders"), self._estimates(search)
        by_mean = sorted(told, key=lambda name: -told[name].mean)[: self.leaders] or [start]
        by_potential = sorted(told, key=lambda name: -told[name].potential)[: self.leaders] or [start]
        drawn = self._draw(search, told, rng)

        def parent(operator: str) -> str:
            leading = by_potential if operator in self.levelling else by_mean
            return leading[min(int(rng.expovariate(1.2)), len(leading) - 1)]

        return [
            WorkOrder(
                operator=operator,
                parents=(parent(operator),),
                cases=self.cases if operator in self.authors and operator not in self.blind else 0,
                stream=place,
            )
            for place, operator in enumerate(drawn)
        ]

    def pool(self, search: Search, new: Sequence[str]) -> Sequence[str]:
        people = [one.id for one in search.archive.with_status("racing") if one.operator == "person"]
        start = [search.archive.baseline.id] if search.round == 1 else []
        return list(dict.fromkeys([*start, *people, *new]))

    def tell(self, search: Search, pool: Sequence[str], verdicts: Mapping[str, Decision]) -> Mapping[str, Decision]:
        return dict(verdicts)

    def final(self, search: Search) -> str:
        """The best estimate among those measured on at least half as many rows as any."""
        told = self._estimates(search)
        if not told:
            return search.archive.baseline.id
        most = max(one.rows for one in told.values())
        solid = {name: one for name, one in told.items() if one.rows * 2 >= most}
        return max(solid, key=lambda name: solid[name].mean)

    def operator_gains(self, search: Search, told: Mapping[str, PooledEstimate]) -> dict[str, tuple[float, int]]:
        """Operator → (shrunken mean gain of its children over their parents, how many children)."""
        seen: dict[str, list[float]] = {name: [] for name in search.operators}
        for one in search.archive.candidates.values():
            if one.operator in seen and one.id in told and one.parents and one.parents[0] in told:
                seen[one.operator].append(told[one.id].mean - told[one.parents[0]].mean)
        return {name: (sum(values) / (len(values) + _GAIN_PRIOR), len(values)) for name, values in seen.items()}

    def _draw(self, search: Search, told: Mapping[str, PooledEstimate], rng: Random) -> list[str]:
        gains, asked = self.operator_gains(search, told), search.memory.setdefault("asked", {})
        weights = {
            name: prior
            * math.exp(max(-2.0, min(2.0, gains[name][0] / _GAIN_SCALE)))
            * min(1.0, (1 + gains[name][1]) / (1 + asked.get(name, 0)))
            for name, prior in search.operators.items()
        }
        drawn: list[str] = []
        while len(drawn) < self.children and weights:
            name = rng.choices(list(weights), list(weights.values()))[0]
            drawn.append(name)
            if name in self.authors and sum(one in self.authors for one in drawn) >= self.author_orders:
                weights = {one: weight for one, weight in weights.items() if one not in self.authors}
        for name in drawn:
            asked[name] = asked.get(name, 0) + 1
        return drawn

    def _fully_measured(self, search: Search) -> bool:
        """Whether the leaders are known on all val rows although room is left: then there is nothing to close."""
        told = self._estimates(search)
        leading = sorted(told, key=lambda name: -told[name].mean)[: self.leaders]
        return bool(leading) and all(told[name].rows >= len(search.val) for name in leading)

    def _estimates(self, search: Search) -> dict[str, PooledEstimate]:
        measured = [one for one in search.archive.alive if search.archive.scores.count(one.id, search.val)]
        return pooled_estimates(search.archive, measured, search.examples, search.val)
