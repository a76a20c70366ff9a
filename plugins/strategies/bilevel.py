"""Bilevel search: user prompts of single tasks inside, the shared system prompt outside (MetaSPO, arXiv 2505.09666)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...core.option_types import Count
from ...core.protocols import NEEDS_TRAIN, Decision
from ...core.search_types import ALL_PROMPTS, Search, WorkOrder
from ..algorithms.selection import EXCLUDED, best_mean, human_candidates, measured_ids

_JOIN = "assemble"
# Inner, join, outer.
_ROUNDS_PER_CYCLE = 3
# With one case a step sees a failure only if the prompt is mostly wrong.
_MIN_CASES = 2
# Cases of one round take at most a twentieth of the budget.
_RUNS_PER_CASE = 20


@dataclass(kw_only=True)
class BilevelSearch:
    """Cycles of three rounds.

    Inner: for each task alone, every operator works on its user prompt, with examples of that task in view. Join: what
    gained on its own task's val examples is assembled into one program, without model calls. Outer: the operators work
    on the system prompt, with failures of all tasks in view; the highest mean over the tasks becomes current if it is
    better. A program of one prompt is treated as its own user prompt, without an outer round.

    Args:
        cycles: Cycles at most.
        users: Proposals per inner order; fewer in a small budget.
        systems: Proposals per outer order, likewise.
        cases: Train examples of each task that the current program runs on.
    """

    name = "bilevel"
    needs = NEEDS_TRAIN
    requires = frozenset({_JOIN})

    cycles: int = 3
    users: Count = 3
    systems: Count = 9
    cases: int = 6

    def ask(self, search: Search) -> Sequence[WorkOrder]:
        memory = search.memory
        while memory.get("stage", 0) < _ROUNDS_PER_CYCLE * self.cycles:
            stage = memory.setdefault("stage", 0)
            orders = (self._inner_orders, self._join_order, self._outer_orders)[stage % _ROUNDS_PER_CYCLE](search)
            if orders:
                return orders
            memory["stage"] = stage + 1
        return []

    def pool(self, search: Search, new: Sequence[str]) -> Sequence[str]:
        return list(dict.fromkeys([self._current_program(search), *human_candidates(search), *new]))

    def tell(self, search: Search, pool: Sequence[str], verdicts: Mapping[str, Decision]) -> Mapping[str, Decision]:
        memory, stands = search.memory, self._current_program(search)
        stage = memory.get("stage", 0)
        measured = measured_ids(search, pool)
        if stage % _ROUNDS_PER_CYCLE == 0:
            memory["best"] = self._best_by_task(search, measured)
            stay = {stands, *memory["best"].values()}
        else:
            gains = {name: sum(search.archive.scores.paired(name, stands, search.val)) for name in measured}
            best = max(gains, key=lambda name: (gains[name], name == stands), default=stands)
            memory["stands"] = best if gains.get(best, 0.0) > 0 else stands
            stay = {memory["stands"]}
        memory["stage"] = stage + 1
        return {name: "keep" if name in stay else "drop" for name in measured}

    def final(self, search: Search) -> str:
        return self._current_program(search)

    def _inner_orders(self, search: Search) -> list[WorkOrder]:
        names = self._tasks(search)
        return self._orders(search, names, count=self.users, cases=self._affordable_cases(search, len(names)))

    def _outer_orders(self, search: Search) -> list[WorkOrder]:
        shared = search.archive[self._current_program(search)].program.shared
        # At least two examples of each task, so that the shared prompt learns from all tasks.
        cases = self._affordable_cases(search, 1) * max(1, len(self._tasks(search)) // 2)
        return self._orders(search, [shared], count=self.systems, cases=cases) if shared else []

    def _join_order(self, search: Search) -> list[WorkOrder]:
        stands, best = self._current_program(search), search.memory.get("best", {})
        moved = {slot: name for slot, name in best.items() if name != stands and name in search.archive}
        if not moved:
            return []
        options: dict[str, Any] = {"slots": moved}
        return [
            WorkOrder(
                operator=_JOIN, parents=(stands, *dict.fromkeys(moved.values())), slot=ALL_PROMPTS, options=options
            )
        ]

    def _orders(self, search: Search, slots: Sequence[str], *, count: int, cases: int) -> list[WorkOrder]:
        stands = self._current_program(search)
        workers = [name for name in search.operators if name != _JOIN]
        return [
            WorkOrder(operator=name, parents=(stands,), slot=slot, count=count, cases=cases, stream=index)
            for index, (slot, name) in enumerate((slot, name) for slot in slots for name in workers)
        ]

    def _best_by_task(self, search: Search, measured: Sequence[str]) -> dict[str, str]:
        """Task → the candidate with the highest gain over the current program on that task's val examples."""
        archive, stands = search.archive, self._current_program(search)
        program = archive[stands].program
        whose = {row: program.prompts_for(search.examples[row])[0] for row in archive.scores.row(stands, search.val)}
        best = {}
        for task in self._tasks(search):
            rows = [row for row, name in whose.items() if name == task]
            gains = {name: sum(archive.scores.paired(name, stands, rows)) for name in measured}
            winner = max(gains, key=lambda name: (gains[name], name == stands), default=stands)
            best[task] = winner if gains.get(winner, 0.0) > 0 else stands
        return best

    def _tasks(self, search: Search) -> list[str]:
        program = search.archive[self._current_program(search)].program
        return sorted(program.prompts.keys() - {program.shared})

    def _affordable_cases(self, search: Search, orders: int) -> int:
        """Fewer if the budget would not last for the cycles."""
        return min(self.cases, max(_MIN_CASES, search.total_runs // (_RUNS_PER_CASE * max(1, orders))))

    def _current_program(self, search: Search) -> str:
        named = str(search.memory.get("stands", search.archive.baseline.id))
        alive = search.archive[named].status not in EXCLUDED
        return named if alive else best_mean(search)
