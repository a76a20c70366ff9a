"""Operators in stages; after each, what measured best stays (PromptWizard, arXiv 2405.18369)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ...core.protocols import Decision, Need
from ...core.search_types import Search, WorkOrder
from ..algorithms.pool_helpers import human_candidates
from ..algorithms.selection import best_mean, common_rows, measured_ids

_CALLS_A_PROPOSAL = 8


@dataclass(kw_only=True)
class StagedOperators:
    """Round n is stage n: each of its operators works on the standing prompt, and all are measured with it.

    Who is best on the rows that all of them were measured on stands next; ties leave the older one standing. Nothing
    is taken over unmeasured.

    stages: operators by stage; without any, all operators of the recipe in one stage after the other, once. cases:
    operator → train rows that the standing prompt is run on first, so that there are answers to look at. counts:
    operator → proposals wanted, where it is more than one; fewer where the room is short.
    """

    name: str = field(default="staged", init=False)
    needs: frozenset[Need] = field(default=frozenset(), init=False)
    stages: Sequence[Sequence[str]] = ()
    cases: Mapping[str, int] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)

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
                count=max(1, min(self.counts.get(name, 1), search.remaining_runs // _CALLS_A_PROPOSAL)),
                stream=place,
            )
            for place, name in enumerate(stages[search.round - 1])
        ]

    def pool(self, search: Search, new: Sequence[str]) -> Sequence[str]:
        entered = [*human_candidates(search), *new]
        # The first round measures the start prompt even where nothing was proposed.
        return list(dict.fromkeys([self.final(search), *entered])) if entered or search.round == 1 else []

    def tell(self, search: Search, pool: Sequence[str], verdicts: Mapping[str, Decision]) -> Mapping[str, Decision]:
        scores, standing = search.archive.scores, self.final(search)
        known = measured_ids(search, pool)
        shared = common_rows(search, known)
        means = {name: mean for name in known if (mean := scores.mean(name, shared)) is not None}
        if means:
            best = max(means, key=lambda name: (means[name], name == standing))
            search.memory["standing"] = best
            return {name: "keep" if name == best else "drop" for name in known}
        return {}

    def final(self, search: Search) -> str:
        standing = str(search.memory.get("standing", ""))
        if standing in search.archive and search.archive[standing].status != "vetoed":
            return standing
        return best_mean(search)

    def _active_stages(self, search: Search) -> list[list[str]]:
        """Those of this recipe: operators that were left out of it leave their stages, and empty stages fall out."""
        wanted = self.stages or [[name] for name in search.operators]
        known = [[name for name in stage if name in search.operators] for stage in wanted]
        return [stage for stage in known if stage]
