"""Two levels: the prompts of single tasks inside, the prompt that all share outside (MetaSPO, arXiv 2505.09666)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...core.amounts import Count
from ...core.contracts import Decision, Need
from ...core.orders import WHOLE, Order, Search
from .choosing import best_mean, measured
from .entering import by_hand

_JOIN = "assemble"
_ROUNDS_A_CYCLE = 3
_LEAST_CASES = 2


@dataclass(kw_only=True)
class Bilevel:
    """A cycle has three rounds. Inner: for each task alone, every operator works on its user prompt, with rows of that
    task in view. Join: what gained on its own task's val rows comes together in one program, at no call of an author.
    Outer: the operators work on the system prompt, with failures of all tasks in view; who has the highest mean over
    the tasks stands, if it is better than what stood.

    cycles: at most. users, systems: proposals an order wants inside and outside; fewer in a small budget. cases: train
    rows of each task that what stands is run on. A program of one prompt is worked on as if it were its own user
    prompt: then there is nothing outside.
    """

    name: str = field(default="bilevel", init=False)
    needs: frozenset[Need] = field(default=frozenset({"train"}), init=False)
    requires: frozenset[str] = field(default=frozenset({_JOIN}), init=False)
    cycles: int = 3
    users: Count = 3
    systems: Count = 9
    cases: int = 6

    def ask(self, search: Search) -> Sequence[Order]:
        memory = search.memory
        while memory.get("stage", 0) < _ROUNDS_A_CYCLE * self.cycles:
            stage = memory.setdefault("stage", 0)
            orders = (self._inner, self._join, self._outer)[stage % _ROUNDS_A_CYCLE](search)
            if orders:
                return orders
            memory["stage"] = stage + 1
        return []

    def pool(self, search: Search, new: Sequence[str]) -> Sequence[str]:
        return list(dict.fromkeys([self._stands(search), *by_hand(search), *new]))

    def tell(self, search: Search, pool: Sequence[str], verdicts: Mapping[str, Decision]) -> Mapping[str, Decision]:
        memory, stands = search.memory, self._stands(search)
        stage = memory.get("stage", 0)
        known = measured(search, pool)
        if stage % _ROUNDS_A_CYCLE == 0:
            memory["best"] = self._by_task(search, known)
            stay = {stands, *memory["best"].values()}
        else:
            gains = {one: sum(search.archive.scores.paired(one, stands, search.val)) for one in known}
            best = max(gains, key=lambda one: (gains[one], one == stands), default=stands)
            memory["stands"] = best if gains.get(best, 0.0) > 0 else stands
            stay = {memory["stands"]}
        memory["stage"] = stage + 1
        return {name: "keep" if name in stay else "drop" for name in known}

    def final(self, search: Search) -> str:
        return self._stands(search)

    def _inner(self, search: Search) -> list[Order]:
        names = self._tasks(search)
        return self._orders(search, names, count=self.users, cases=self._cases(search, len(names)))

    def _outer(self, search: Search) -> list[Order]:
        shared = search.archive[self._stands(search)].program.shared
        # Two rows of each task at least, so that what is said to all is learned from all.
        cases = self._cases(search, 1) * max(1, len(self._tasks(search)) // 2)
        return self._orders(search, [shared], count=self.systems, cases=cases) if shared else []

    def _join(self, search: Search) -> list[Order]:
        stands, best = self._stands(search), search.memory.get("best", {})
        moved = {slot: one for slot, one in best.items() if one != stands and one in search.archive}
        if not moved:
            return []
        told: dict[str, Any] = {"slots": moved}
        return [Order(operator=_JOIN, parents=(stands, *dict.fromkeys(moved.values())), slot=WHOLE, options=told)]

    def _orders(self, search: Search, slots: Sequence[str], *, count: int, cases: int) -> list[Order]:
        stands = self._stands(search)
        workers = [name for name in search.operators if name != _JOIN]
        return [
            Order(operator=name, parents=(stands,), slot=slot, count=count, cases=cases, stream=place)
            for place, (slot, name) in enumerate((slot, name) for slot in slots for name in workers)
        ]

    def _by_task(self, search: Search, measured: Sequence[str]) -> dict[str, str]:
        """Task → who gains most over what stands on that task's val rows; what stands on ties."""
        archive, stands = search.archive, self._stands(search)
        program = archive[stands].program
        whose = {row: program.chosen(search.examples[row])[0] for row in archive.scores.row(stands, search.val)}
        best = {}
        for task in self._tasks(search):
            rows = [row for row, name in whose.items() if name == task]
            gains = {one: sum(archive.scores.paired(one, stands, rows)) for one in measured}
            winner = max(gains, key=lambda one: (gains[one], one == stands), default=stands)
            best[task] = winner if gains.get(winner, 0.0) > 0 else stands
        return best

    def _tasks(self, search: Search) -> list[str]:
        program = search.archive[self._stands(search)].program
        return sorted(program.prompts.keys() - {program.shared})

    def _cases(self, search: Search, orders: int) -> int:
        """Fewer where the whole would not last for the cycles."""
        return min(self.cases, max(_LEAST_CASES, search.total // (20 * max(1, orders))))

    def _stands(self, search: Search) -> str:
        named = str(search.memory.get("stands", search.archive.start.id))
        alive = search.archive[named].status not in ("rejected", "vetoed")
        return named if alive else best_mean(search)
