"""Operators in stages; after each, what measured best stays (PromptWizard, arXiv 2405.18369)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ...core.protocols import NEEDS_NOTHING, Decision
from ...core.search_types import Search, WorkOrder
from ..algorithms.selection import best_mean, common_rows, human_candidates, measured_ids

# A proposal that is measured on fewer examples is not comparable.
_RUNS_PER_PROPOSAL = 8
# Five variants on ten examples each.
_RUNS_PER_SET = 50


@dataclass(kw_only=True)
class StagedOperators:
    """Round n is stage n: each of its operators works on the current prompt, and all are measured with it.

    The best on the examples that all of them were measured on becomes current; ties keep the older one. No prompt
    becomes current without a measurement.

    Args:
        stages: Operators by stage; if empty, each operator of the recipe is one stage.
        cases: Operator → train examples that the current prompt runs on first.
        counts: Operator → proposals, if more than one; fewer in a small budget.
        sets: Operator → sets of proposals, if more than one, for operators that make several in any case; as many as
            the stage's equal share of the budget can measure.
    """

    name = "staged"
    needs = NEEDS_NOTHING

    stages: Sequence[Sequence[str]] = ()
    cases: Mapping[str, int] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)
    sets: Mapping[str, int] = field(default_factory=dict)

    def ask(self, search: Search) -> Sequence[WorkOrder]:
        stages = self._active_stages(search)
        if search.round > len(stages):
            return []
        standing = self.final(search)
        return [
            WorkOrder(
                operator=name,
                parents=(standing,),
                cases=self.cases.get(name, 0),
                count=self._count(name, search, len(stages) - search.round + 1),
                stream=index,
            )
            for index, name in enumerate(stages[search.round - 1])
        ]

    def _count(self, name: str, search: Search, stages_left: int) -> int:
        if name in self.sets:
            affordable = search.remaining_runs // stages_left // _RUNS_PER_SET
            return max(1, min(self.sets[name], affordable))
        return max(1, min(self.counts.get(name, 1), search.remaining_runs // _RUNS_PER_PROPOSAL))

    def pool(self, search: Search, new: Sequence[str]) -> Sequence[str]:
        entered = [*human_candidates(search), *new]
        # The first round measures the baseline even if nothing was proposed.
        return list(dict.fromkeys([self.final(search), *entered])) if entered or search.round == 1 else []

    def tell(self, search: Search, pool: Sequence[str], verdicts: Mapping[str, Decision]) -> Mapping[str, Decision]:
        scores, standing = search.archive.scores, self.final(search)
        measured = measured_ids(search, pool)
        shared = common_rows(search, measured)
        means = {name: mean for name in measured if (mean := scores.mean(name, shared)) is not None}
        if means:
            best = max(means, key=lambda name: (means[name], name == standing))
            search.memory["standing"] = best
            return {name: "keep" if name == best else "drop" for name in measured}
        return {}

    def final(self, search: Search) -> str:
        standing = str(search.memory.get("standing", ""))
        if standing in search.archive and search.archive[standing].status != "vetoed":
            return standing
        return best_mean(search)

    def _active_stages(self, search: Search) -> list[list[str]]:
        """Stages without the operators that this recipe lacks; empty stages are skipped."""
        stages = self.stages or [[name] for name in search.operators]
        active = [[name for name in stage if name in search.operators] for stage in stages]
        return [stage for stage in active if stage]
