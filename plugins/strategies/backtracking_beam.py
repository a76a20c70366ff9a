"""Beam search that may return to any earlier step (the search of PE2, arXiv 2311.05661)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...core.option_types import Count
from ...core.protocols import NEEDS_TRAIN, Decision
from ...core.search_types import Search, WorkOrder
from ..algorithms.selection import best_mean, measured_ids, sufficiently_measured, unmeasured_candidates

_PERFECT = 1.0
# One case per 40 runs: a step with 16 expansions spends about as much on cases as on val.
_RUNS_PER_CASE = 40
# With fewer cases a step often sees no failure.
_MIN_CASES = 4
# An expansion per prompt of the beam costs about 60 runs over the steps.
_RUNS_PER_EXPANSION = 60


@dataclass(kw_only=True)
class BacktrackingBeam:
    """Each step expands the best `width` prompts of all steps so far, not only of the last one.

    No prompt is measured twice, and none is dropped. A prompt without a failure on val ends the search.

    Args:
        width: Prompts expanded per step.
        expand: Orders per prompt and operator.
        steps: Rounds; the budget may end the search before.
        cases: Train examples that a prompt runs on while it has fewer than `errors` failures per expansion; fewer in a
            small budget.
        errors: Failures wanted per expansion.
    """

    name = "backtrack"
    needs = NEEDS_TRAIN

    width: Count = 4
    expand: Count = 4
    steps: int = 3
    cases: int = 16
    errors: int = 2

    def ask(self, search: Search) -> Sequence[WorkOrder]:
        parents = self._best_candidates(search)
        if search.round > self.steps or search.archive.scores.mean(parents[0], search.val) == _PERFECT:
            return []
        cases = min(self.cases, max(_MIN_CASES, search.total_runs // _RUNS_PER_CASE))
        return [
            WorkOrder(
                operator=name,
                parents=(parent,),
                cases=0 if self._failed_rows(search, parent) >= self.errors * self.expand else cases,
                stream=stream,
            )
            for parent in parents
            for name in search.operators
            for stream in range(self._affordable_expansions(search))
        ]

    def pool(self, search: Search, new: Sequence[str]) -> Sequence[str]:
        return unmeasured_candidates(search, new)

    def tell(self, search: Search, pool: Sequence[str], verdicts: Mapping[str, Decision]) -> Mapping[str, Decision]:
        return dict.fromkeys(measured_ids(search, pool), "keep")

    def final(self, search: Search) -> str:
        return best_mean(search)

    def _best_candidates(self, search: Search) -> list[str]:
        """Of all steps; the oldest on ties."""
        ranked = search.archive.ranked(sufficiently_measured(search), search.val)[: self.width]
        return [candidate.id for candidate in ranked] or [search.archive.baseline.id]

    def _failed_rows(self, search: Search, name: str) -> int:
        return sum(evaluation.score < 1 for evaluation in search.archive.scores.row(name, search.train).values())

    def _affordable_expansions(self, search: Search) -> int:
        """Fewer expansions if the budget would not last for the steps."""
        return max(1, min(self.expand, search.total_runs // _RUNS_PER_EXPANSION))
