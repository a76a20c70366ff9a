"""A tree by levels: the best of one level are the parents of the next (PROMST, arXiv 2402.08702)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...core.option_types import Count
from ...core.protocols import NEEDS_TRAIN, Decision
from ...core.search_types import Search, WorkOrder
from ..algorithms.selection import EXCLUDED, best_mean, unmeasured_candidates

# With one case a level often sees no failure.
_MIN_CASES = 2
# Episodes are long; in a small budget val comes first.
_RUNS_PER_CASE = 20


@dataclass(kw_only=True)
class LevelTree:
    """Each round the best `keep` prompts of the last level share `children` children, measured on the same val
    examples.

    These are the next level, whatever the last one scored. The search ends when the best of a level was below the
    previous level's `falls` times in a row, but not before `least` levels. The best of all levels wins.

    Args:
        keep: Parents per level.
        children: Children per level.
        falls: Falling levels in a row that end the search.
        least: Levels at least.
        cases: Train examples that each parent runs on; fewer in a small budget.
    """

    name = "levels"
    needs = NEEDS_TRAIN

    keep: Count = 2
    children: Count = 8
    falls: int = 3
    least: int = 2
    cases: int = 6

    def ask(self, search: Search) -> Sequence[WorkOrder]:
        memory = search.memory
        if memory.get("falls", 0) >= self.falls and memory.get("level", 0) >= self.least:
            return []
        parents = [name for name in memory.get("leading", []) if search.archive[name].status not in EXCLUDED]
        parents = parents or [search.archive.baseline.id]
        cases = min(self.cases, max(_MIN_CASES, search.total_runs // _RUNS_PER_CASE))
        each = max(1, self.children // (len(parents) * len(search.operators)))
        return [
            WorkOrder(operator=name, parents=(parent,), count=each, cases=cases, stream=index)
            for index, (parent, name) in enumerate((leader, name) for leader in parents for name in search.operators)
        ]

    def pool(self, search: Search, new: Sequence[str]) -> Sequence[str]:
        return unmeasured_candidates(search, new)

    def tell(self, search: Search, pool: Sequence[str], verdicts: Mapping[str, Decision]) -> Mapping[str, Decision]:
        memory, scores, archive = search.memory, search.archive.scores, search.archive
        level = [archive[name] for name in pool if name != archive.baseline.id and scores.count(name, search.val)]
        if level:
            leading = [candidate.id for candidate in archive.ranked(level, search.val)[: self.keep]]
            best = scores.mean(leading[0], search.val) or 0.0
            before = memory.get("best", scores.mean(archive.baseline.id, search.val) or 0.0)
            memory["falls"] = memory.get("falls", 0) + 1 if best < before else 0
            memory |= {"leading": leading, "best": best, "level": memory.get("level", 0) + 1}
        left_out = {name: decision for name, decision in verdicts.items() if decision == "drop"}
        return {**dict.fromkeys((name for name in pool if scores.count(name, search.val)), "keep"), **left_out}

    def final(self, search: Search) -> str:
        return best_mean(search)
