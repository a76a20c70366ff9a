"""Several objectives at once, what the model does of itself among them (MODP, arXiv 2504.18722)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ...core.protocols import Decision, Need
from ...core.search_types import Search, WorkOrder
from ..algorithms.fitness import fitness, fittest
from ..algorithms.pool_helpers import unmeasured_candidates

DEFAULT = {"accuracy": 1.0, "format": 0.5, "robustness": 0.3, "brevity": 0.1}
_LEAST_CASES = 4


@dataclass(kw_only=True)
class MultiObjective:
    """Each round every operator works on a parent from the front: the prompts that no other beats in one objective
    without losing in another. Which of them is drawn by their weighted sum, and the next direction is told: the
    objective that the parent is farthest behind the best in. The front goes on record each round; the winner is the
    highest weighted sum on it.

    objectives: views of the evidence with their weights (see `fitness.py`); of these `accuracy` is the task's, the
    others say how the model behaves. cases: train rows that a parent is run on.
    """

    name: str = field(default="objectives", init=False)
    needs: frozenset[Need] = field(default=frozenset({"train"}), init=False)
    objectives: Mapping[str, float] = field(default_factory=lambda: dict(DEFAULT))
    cases: int = 8

    def ask(self, search: Search) -> Sequence[WorkOrder]:
        told, rng = self._objective_values(search), search.rng("parent")
        on_front = non_dominated(told)
        parent = search.archive.baseline.id
        if on_front:
            sums = {name: sum(self.objectives[o] * told[name][o] for o in self.objectives) for name in on_front}
            parent = max(rng.sample(on_front, min(2, len(on_front))), key=lambda name: sums[name])
        cases = min(self.cases, max(_LEAST_CASES, search.total_runs // 40))
        options = {"direction": self._weakest_objective(told, parent)} if told else {}
        return [
            WorkOrder(operator=name, parents=(parent,), cases=cases, options=options, stream=place)
            for place, name in enumerate(search.operators)
        ]

    def pool(self, search: Search, new: Sequence[str]) -> Sequence[str]:
        return unmeasured_candidates(search, new)

    def tell(self, search: Search, pool: Sequence[str], verdicts: Mapping[str, Decision]) -> Mapping[str, Decision]:
        told = self._objective_values(search, pool)
        on_front = non_dominated(told)
        search.remarks["front"] = {
            name: {objective: round(value, 3) for objective, value in told[name].items()} for name in on_front
        }
        return {name: "keep" if name in on_front else "drop" for name in told}

    def final(self, search: Search) -> str:
        return fittest(search, self.objectives)

    def _objective_values(self, search: Search, pool: Sequence[str] = ()) -> dict[str, dict[str, float]]:
        """Candidate → objective → value, of those that stand and of the pool, compared on common rows."""
        standing = [one.id for one in search.archive.with_status("kept", "pinned")]
        names = [
            name
            for name in dict.fromkeys([*standing, *pool])
            if search.archive.scores.count(name, search.val) and search.archive[name].status != "vetoed"
        ]
        seen = {objective: fitness(search, names, {objective: 1.0}) for objective in self.objectives}
        return {name: {objective: seen[objective][name] for objective in self.objectives} for name in names}

    def _weakest_objective(self, told: Mapping[str, Mapping[str, float]], parent: str) -> str:
        """The objective in which the parent is farthest behind the best; of equals, the weightiest."""
        if parent not in told:
            return next(iter(self.objectives))
        gaps = {o: max(one[o] for one in told.values()) - told[parent][o] for o in self.objectives}
        lacks = {o: max(gaps[o], 0.0) + self.objectives[o] * (1 - told[parent][o]) for o in self.objectives}
        return max(lacks, key=lambda objective: lacks[objective])


def non_dominated(told: Mapping[str, Mapping[str, float]]) -> list[str]:
    """Those that nobody dominates: as good in every objective and better in one. The older of equals."""
    kept: list[str] = []
    for name, own in told.items():
        beaten = any(_dominates(other, own) for other in told.values())
        if not beaten and not any(told[one] == own for one in kept):
            kept.append(name)
    return kept


def _dominates(one: Mapping[str, float], other: Mapping[str, float]) -> bool:
    return all(one[key] >= other[key] for key in other) and any(one[key] > other[key] for key in other)
