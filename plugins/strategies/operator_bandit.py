"""A bandit over operators: those that paid off are used more (our own, the strategy of `auto`)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from ...core.protocols import NEEDS_LABELLED_TRAIN, Decision
from ...core.search_types import Search, WorkOrder
from ...core.stats.pooled_estimate import PooledEstimate, pooled_estimates

# A gain of 5 points multiplies an operator's weight by e.
_GAIN_SCALE = 0.05
# Three children without gain as a prior: one lucky child does not decide.
_GAIN_PRIOR = 3.0
# The best leader is the parent in 70 % of the draws, the second in 21 %.
_LEADER_DECAY = 1.2


@dataclass(kw_only=True)
class OperatorBandit:
    """First a pool of seeds from the baseline, then rounds of children of the leaders.

    The probability of an operator grows with its prior weight and with the shrunken gain of its children over their
    parents, both as estimated on all of val; an operator that proposes nothing is used less.

    Args:
        seeds: Operator → proposals in the first round.
        children: Orders in a later round.
        leaders: Parents are drawn from this many candidates, the best most often. For the `levelling` operators, which
            correct a bias towards a label or position, the best are those with the highest estimate without their bias.
        authors: Operators that call a model.
        blind: Authors that read no failures.
        levelling: Operators that correct a bias.
        author_orders: Orders of `authors` per round, at most.
        cases: Train examples that a leader runs on for authors that read failures.
        closing: No new proposals once less than this share of the budget remains.
    """

    name = "bandit"
    needs = NEEDS_LABELLED_TRAIN

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
                WorkOrder(operator=name, parents=(start,), count=self.seeds[name], stream=index)
                for index, name in enumerate(search.operators)
                if self.seeds.get(name)
            ]
        if search.remaining_runs <= self.closing * search.total_runs and not self._fully_measured(search):
            return []
        rng, estimates = search.rng("orders"), self._estimates(search)
        by_mean = sorted(estimates, key=lambda name: -estimates[name].mean)[: self.leaders] or [start]
        by_potential = sorted(estimates, key=lambda name: -estimates[name].potential)[: self.leaders] or [start]
        operators = self._draw(search, estimates, rng)

        def parent(operator: str) -> str:
            leading = by_potential if operator in self.levelling else by_mean
            return leading[min(int(rng.expovariate(_LEADER_DECAY)), len(leading) - 1)]

        return [
            WorkOrder(
                operator=operator,
                parents=(parent(operator),),
                cases=self.cases if operator in self.authors and operator not in self.blind else 0,
                stream=index,
            )
            for index, operator in enumerate(operators)
        ]

    def pool(self, search: Search, new: Sequence[str]) -> Sequence[str]:
        people = [candidate.id for candidate in search.archive.with_status("racing") if candidate.operator == "person"]
        start = [search.archive.baseline.id] if search.round == 1 else []
        return list(dict.fromkeys([*start, *people, *new]))

    def tell(self, search: Search, pool: Sequence[str], verdicts: Mapping[str, Decision]) -> Mapping[str, Decision]:
        return dict(verdicts)

    def final(self, search: Search) -> str:
        """The best estimate among those measured on at least half as many examples as any."""
        estimates = self._estimates(search)
        if not estimates:
            return search.archive.baseline.id
        most = max(estimate.rows for estimate in estimates.values())
        solid = {name: estimate for name, estimate in estimates.items() if estimate.rows * 2 >= most}
        return max(solid, key=lambda name: solid[name].mean)

    def operator_gains(self, search: Search, estimates: Mapping[str, PooledEstimate]) -> dict[str, tuple[float, int]]:
        """Operator → (shrunken mean gain of its children over their parents, number of children)."""
        gains: dict[str, list[float]] = {name: [] for name in search.operators}
        for candidate in search.archive.candidates.values():
            if (
                candidate.operator in gains
                and candidate.id in estimates
                and candidate.parents
                and candidate.parents[0] in estimates
            ):
                gains[candidate.operator].append(estimates[candidate.id].mean - estimates[candidate.parents[0]].mean)
        return {name: (sum(values) / (len(values) + _GAIN_PRIOR), len(values)) for name, values in gains.items()}

    def _draw(self, search: Search, estimates: Mapping[str, PooledEstimate], rng: Random) -> list[str]:
        gains, order_counts = self.operator_gains(search, estimates), search.memory.setdefault("asked", {})
        weights = {
            name: prior
            * math.exp(max(-2.0, min(2.0, gains[name][0] / _GAIN_SCALE)))
            * min(1.0, (1 + gains[name][1]) / (1 + order_counts.get(name, 0)))
            for name, prior in search.operators.items()
        }
        chosen: list[str] = []
        while len(chosen) < self.children and weights:
            name = rng.choices(list(weights), list(weights.values()))[0]
            chosen.append(name)
            if name in self.authors and sum(operator in self.authors for operator in chosen) >= self.author_orders:
                weights = {operator: weight for operator, weight in weights.items() if operator not in self.authors}
        for name in chosen:
            order_counts[name] = order_counts.get(name, 0) + 1
        return chosen

    def _fully_measured(self, search: Search) -> bool:
        """Whether the leaders are measured on all of val while budget remains: then nothing is left to close."""
        estimates = self._estimates(search)
        leading = sorted(estimates, key=lambda name: -estimates[name].mean)[: self.leaders]
        return bool(leading) and all(estimates[name].rows >= len(search.val) for name in leading)

    def _estimates(self, search: Search) -> dict[str, PooledEstimate]:
        measured = [
            candidate for candidate in search.archive.alive if search.archive.scores.count(candidate.id, search.val)
        ]
        return pooled_estimates(search.archive, measured, search.examples, search.val)
