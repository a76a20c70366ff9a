"""Several objectives at once, including the model's behavior (MODP, arXiv 2504.18722)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ...core.protocols import NEEDS_TRAIN, Decision
from ...core.search_types import Search, WorkOrder
from ..algorithms.fitness import fitness, fittest
from ..algorithms.selection import unmeasured_candidates

DEFAULT = {"accuracy": 1.0, "format": 0.5, "robustness": 0.3, "brevity": 0.1}
# With fewer cases a step often sees no failure.
_MIN_CASES = 4
# A fortieth of the budget per round shows failures, so that val gets most of it.
_RUNS_PER_CASE = 40


@dataclass(kw_only=True)
class MultiObjective:
    """Each round every operator works on a parent from the Pareto front of the objectives.

    The parent is drawn by the weighted sum of its objectives, and the operators receive the objective in which it is
    farthest behind the best. The front is recorded each round; the winner is the candidate with the highest weighted
    sum.

    Args:
        objectives: Metrics with their weights (see `fitness.py`); `accuracy` is the task's score, the others describe
            how the model behaves.
        cases: Train examples that a parent runs on.
    """

    name = "objectives"
    needs = NEEDS_TRAIN

    objectives: Mapping[str, float] = field(default_factory=lambda: dict(DEFAULT))
    cases: int = 8

    def ask(self, search: Search) -> Sequence[WorkOrder]:
        values, rng = self._objective_values(search), search.rng("parent")
        on_front = non_dominated(values)
        parent = search.archive.baseline.id
        if on_front:
            sums = {name: sum(self.objectives[o] * values[name][o] for o in self.objectives) for name in on_front}
            parent = max(rng.sample(on_front, min(2, len(on_front))), key=lambda name: sums[name])
        cases = min(self.cases, max(_MIN_CASES, search.total_runs // _RUNS_PER_CASE))
        options = {"direction": self._weakest_objective(values, parent)} if values else {}
        return [
            WorkOrder(operator=name, parents=(parent,), cases=cases, options=options, stream=index)
            for index, name in enumerate(search.operators)
        ]

    def pool(self, search: Search, new: Sequence[str]) -> Sequence[str]:
        return unmeasured_candidates(search, new)

    def tell(self, search: Search, pool: Sequence[str], verdicts: Mapping[str, Decision]) -> Mapping[str, Decision]:
        values = self._objective_values(search, pool)
        on_front = non_dominated(values)
        search.remarks["front"] = {
            name: {objective: round(value, 3) for objective, value in values[name].items()} for name in on_front
        }
        return {name: "keep" if name in on_front else "drop" for name in values}

    def final(self, search: Search) -> str:
        return fittest(search, self.objectives)

    def _objective_values(self, search: Search, pool: Sequence[str] = ()) -> dict[str, dict[str, float]]:
        """Candidate → objective → value, for kept candidates and the pool, on common examples."""
        standing = [candidate.id for candidate in search.archive.with_status("kept", "pinned")]
        names = [
            name
            for name in dict.fromkeys([*standing, *pool])
            if search.archive.scores.count(name, search.val) and search.archive[name].status != "vetoed"
        ]
        values = {objective: fitness(search, names, {objective: 1.0}) for objective in self.objectives}
        return {name: {objective: values[objective][name] for objective in self.objectives} for name in names}

    def _weakest_objective(self, values: Mapping[str, Mapping[str, float]], parent: str) -> str:
        """The objective in which the parent is farthest behind the best; the heaviest on ties."""
        if parent not in values:
            return next(iter(self.objectives))
        gaps = {o: max(own[o] for own in values.values()) - values[parent][o] for o in self.objectives}
        lacks = {o: max(gaps[o], 0.0) + self.objectives[o] * (1 - values[parent][o]) for o in self.objectives}
        return max(lacks, key=lambda objective: lacks[objective])


def non_dominated(values: Mapping[str, Mapping[str, float]]) -> list[str]:
    """The candidates that no other dominates; the older of equals."""
    front: list[str] = []
    for name, own in values.items():
        beaten = any(_dominates(other, own) for other in values.values())
        if not beaten and not any(values[member] == own for member in front):
            front.append(name)
    return front


def _dominates(first: Mapping[str, float], second: Mapping[str, float]) -> bool:
    return all(first[key] >= second[key] for key in second) and any(first[key] > second[key] for key in second)
