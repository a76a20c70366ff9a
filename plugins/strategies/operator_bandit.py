"""A bandit over operators: those that paid off are used more (our own, the strategy of `auto`)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from ...core.lineage import Lineage
from ...core.protocols import NEEDS_LABELLED_TRAIN, Decision
from ...core.search_types import Search, WorkOrder
from ...core.stats.pooled_estimate import PooledEstimate, pooled_estimates
from ..algorithms.operator_credit import gains_over_leaders, gains_over_parents, has_written, shrunken_mean

TOO_LITTLE_LEFT = "what is left would not measure a further prompt on enough examples to win"
# A gain of 5 points multiplies an operator's weight by e.
_GAIN_SCALE = 0.05
# The best leader is the parent in 70 % of the draws, the second in 21 %.
_LEADER_DECAY = 1.2
# Who has written nothing for two orders is asked no more.
_ORDERS_WITHOUT_CHILDREN = 2
# A twentieth of the budget shows failures to authors that can read them.
_CASES_SHARE, _MOST_CASES = 20, 32
# So many rounds show whether the target follows what authors write.
_ROUNDS_FOR_AUTHORS = 3
# A person who weighs other operators up means it: authors with a smaller part of the weights have no share of their
# own.
_LEAST_PRIOR_SHARE = 0.1
# What a race measures a newcomer on, whatever it brings.
_FIRST_ROWS = 4
# Closing a race measures two on all of val.
_LAST_TWO = 2


@dataclass(kw_only=True)
class OperatorBandit:
    """First a pool of seeds from the baseline, then rounds of children of the leaders.

    The probability of an operator grows with its prior weight and with the shrunken gain of its children, as estimated
    on all of val; an operator that proposes nothing is used less. Capable optimizer models have seeds and operators of
    their own and write more of each round; there a gain is one over the best of earlier rounds. If they have written
    nothing for two orders, they are asked no more; where no leader descends from their texts after three rounds, credit
    alone decides how many of a round they write.

    Args:
        seeds: Operator → proposals in the first round.
        children: Orders in a later round.
        leaders: Parents are drawn from this many candidates, the best most often. For the `levelling` operators, which
            correct a bias towards a label or position, the best are those with the highest estimate without their bias.
        authors: Operators that call a model.
        blind: Authors that read no failures.
        levelling: Operators that correct a bias.
        merging: Operators that work on the best two leaders.
        author_orders: Orders of `authors` per round, at most.
        cases: Train examples that a leader runs on for authors that read failures.
        closing: No new proposals once less than this share of the budget remains.
        capable: Operators for capable optimizer models alone.
        plain: Operators for small optimizer models alone.
        capable_seeds: `seeds` for capable optimizer models.
        capable_orders: `author_orders` for capable optimizer models.
    """

    name = "bandit"
    needs = NEEDS_LABELLED_TRAIN

    seeds: Mapping[str, int] = field(default_factory=dict)
    children: int = 6
    leaders: int = 3
    authors: Sequence[str] = ()
    blind: Sequence[str] = ()
    levelling: Sequence[str] = ()
    merging: Sequence[str] = ()
    author_orders: int = 1
    cases: int = 4
    closing: float = 0.35
    capable: Sequence[str] = ()
    plain: Sequence[str] = ()
    capable_seeds: Mapping[str, int] = field(default_factory=dict)
    capable_orders: int = 3

    def ask(self, search: Search) -> Sequence[WorkOrder]:
        if search.round == 1:
            return self._seed_orders(search)
        if perfect := self._perfect(search):
            search.ending = f"the best prompt is right on all {perfect} val examples"
            return []
        estimates = self._estimates(search)
        if search.remaining_runs <= self.closing * search.total_runs:
            if not self._fully_measured(search, estimates):
                return []
            if search.capable and search.remaining_runs < self._cost_of_another(estimates):
                search.ending = TOO_LITTLE_LEFT
                return []
        rng = search.rng("orders")
        start = search.archive.baseline.id
        by_mean = sorted(estimates, key=lambda name: -estimates[name].mean)[: self.leaders] or [start]
        by_potential = sorted(estimates, key=lambda name: -estimates[name].potential)[: self.leaders] or [start]
        operators = self._draw(search, estimates, rng)

        def parents(operator: str) -> tuple[str, ...]:
            if operator in self.merging:
                return tuple(by_mean[:2])
            leading = by_potential if operator in self.levelling else by_mean
            return (leading[min(int(rng.expovariate(_LEADER_DECAY)), len(leading) - 1)],)

        return [
            WorkOrder(
                operator=operator, parents=parents(operator), cases=self._case_count(search, operator), stream=index
            )
            for index, operator in enumerate(operators)
        ]

    def _seed_orders(self, search: Search) -> list[WorkOrder]:
        seeds = self.capable_seeds if search.capable and self.capable_seeds else self.seeds
        return [
            WorkOrder(
                operator=name,
                parents=(search.archive.baseline.id,),
                count=seeds[name],
                cases=self._case_count(search, name) if search.capable else 0,
                stream=index,
            )
            for index, name in enumerate(search.operators)
            if seeds.get(name)
        ]

    def _case_count(self, search: Search, operator: str) -> int:
        if operator not in self.authors or operator in self.blind:
            return 0
        return max(self.cases, min(_MOST_CASES, search.total_runs // _CASES_SHARE)) if search.capable else self.cases

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
        """Operator → (shrunken mean gain of its children, number of children)."""
        scores = {name: estimate.mean for name, estimate in estimates.items()}
        gains = (gains_over_leaders if search.capable else gains_over_parents)(search, scores)
        return {name: (shrunken_mean(values), len(values)) for name, values in gains.items()}

    def _draw(self, search: Search, estimates: Mapping[str, PooledEstimate], rng: Random) -> list[str]:
        gains, order_counts = self.operator_gains(search, estimates), search.memory.setdefault("asked", {})
        left_out = self._left_out(search)
        weights = {
            name: prior
            * math.exp(max(-2.0, min(2.0, gains[name][0] / _GAIN_SCALE)))
            * min(1.0, (1 + gains[name][1]) / (1 + order_counts.get(name, 0)))
            for name, prior in search.operators.items()
            if name not in left_out
        }
        most = self.capable_orders if search.capable else self.author_orders
        writing = {name: weight for name, weight in weights.items() if name in self.authors}
        priors = sum(search.operators[name] for name in weights)
        own = sum(search.operators[name] for name in writing)
        count = most if own > 0 and own >= _LEAST_PRIOR_SHARE * priors and self._writing_leads(search, estimates) else 0
        chosen = rng.choices(list(writing), list(writing.values()), k=count) if count else []
        while len(chosen) < self.children and weights:
            if sum(operator in self.authors for operator in chosen) >= most:
                weights = {operator: weight for operator, weight in weights.items() if operator not in self.authors}
            if weights:
                chosen.append(rng.choices(list(weights), list(weights.values()))[0])
        for name in chosen:
            order_counts[name] = order_counts.get(name, 0) + 1
        return chosen

    def _writing_leads(self, search: Search, estimates: Mapping[str, PooledEstimate]) -> bool:
        """Whether capable authors write as many as they may: at first, and while a leader descends from their texts.

        Elsewhere, as where the target follows examples and no instructions, credit alone decides.
        """
        if not search.capable or search.round <= _ROUNDS_FOR_AUTHORS:
            return search.capable
        leading = sorted(estimates, key=lambda name: -estimates[name].mean)[: self.leaders]
        lineage = Lineage(search.archive.candidates.values())
        names = {each for name in leading for each in (name, *lineage.ancestors(name))}
        return any(search.archive[name].operator in self.authors for name in names)

    def unsuited(self, *, capable: bool) -> frozenset[str]:
        return frozenset(self.plain if capable else self.capable)

    def _left_out(self, search: Search) -> frozenset[str]:
        """The operators that do not suit the optimizer models, and all authors where those write nothing."""
        unsuited = self.unsuited(capable=search.capable)
        if not search.capable:
            return unsuited
        seeded = sum(1 for name in self.capable_seeds if name in self.authors)
        order_counts = search.memory.get("asked", {})
        orders = seeded + sum(order_counts.get(name, 0) for name in self.authors)
        silent = orders >= _ORDERS_WITHOUT_CHILDREN and not has_written(search, self.authors)
        return unsuited | frozenset(self.authors if silent else ())

    def _perfect(self, search: Search) -> int:
        """The number of val examples if a prompt is right on all of them, so that nothing can be gained; else 0."""
        scores, rows = search.archive.scores, len(search.val)
        alive = search.archive.alive
        is_perfect = any(
            scores.count(candidate.id, search.val) == rows and scores.mean(candidate.id, search.val) == 1
            for candidate in alive
        )
        return rows if is_perfect else 0

    def _cost_of_another(self, estimates: Mapping[str, PooledEstimate]) -> int:
        """Runs of a round in which one newcomer is measured on enough examples to win."""
        return self.children * _FIRST_ROWS + max(estimate.rows for estimate in estimates.values()) // 2

    def _fully_measured(self, search: Search, estimates: Mapping[str, PooledEstimate]) -> bool:
        """Whether the leaders are measured on all of val while budget remains: then nothing is left to close."""
        count = _LAST_TWO if search.capable else self.leaders
        leading = sorted(estimates, key=lambda name: -estimates[name].mean)[:count]
        return bool(leading) and all(estimates[name].rows >= len(search.val) for name in leading)

    def _estimates(self, search: Search) -> dict[str, PooledEstimate]:
        measured = [
            candidate for candidate in search.archive.alive if search.archive.scores.count(candidate.id, search.val)
        ]
        return pooled_estimates(search.archive, measured, search.examples, search.val)
