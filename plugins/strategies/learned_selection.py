"""Chooses for each input from a finite set of prompts, by a scorer trained on a log of runs.

After Prompt-OIRL (arXiv 2309.06553) and Automatic Prompt Selection (arXiv 2404.02717).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...core.candidate import Candidate
from ...core.option_types import Count
from ...core.protocols import NEEDS_TRAIN, Decision
from ...core.search_types import Search, WorkOrder
from ..algorithms.clustering import cluster_regions
from ..algorithms.selection import best_mean, human_candidates, measured_ids

_CHOOSE = "select-by-log"


@dataclass(kw_only=True)
class LearnedSelection:
    """Round 1 builds the set of prompts and its log, round 2 trains the selector.

    Every operator works on the baseline, or once per cluster of the train inputs with only the cluster's examples. The
    whole set runs on the same train examples: that is the log. Round 2 trains a scorer on it, without model calls, and
    puts the `most` prompts with the best log behind it. The selecting program wins only if it beats every single prompt
    on val.

    Args:
        count: Proposals per order.
        clusters: Clusters of the train inputs at most; 1 is none.
        most: Prompts behind the selector.
        cases: Train examples that the baseline runs on, for operators that read failures.
    """

    name = "selection"
    needs = NEEDS_TRAIN
    requires = frozenset({_CHOOSE})

    count: Count = 1
    clusters: int = 1
    most: int = 6
    cases: int = 0

    def ask(self, search: Search) -> Sequence[WorkOrder]:
        if search.round == 1:
            return self._collect_candidates(search)
        return self._train_selector(search) if search.round == 2 else []

    def pool(self, search: Search, new: Sequence[str]) -> Sequence[str]:
        kept_ids = [candidate.id for candidate in search.archive.with_status("kept", "pinned")]
        return list(dict.fromkeys([search.archive.baseline.id, *kept_ids, *human_candidates(search), *new]))

    def tell(self, search: Search, pool: Sequence[str], verdicts: Mapping[str, Decision]) -> Mapping[str, Decision]:
        return dict.fromkeys(measured_ids(search, pool), "keep")

    def final(self, search: Search) -> str:
        """The best mean; a selecting program only if it is better than every single prompt."""
        best, single = best_mean(search), best_mean(search, self._best_single_prompt(search))
        mean = search.archive.scores.mean
        return single if (mean(single, search.val) or 0.0) >= (mean(best, search.val) or 0.0) else best

    def _collect_candidates(self, search: Search) -> list[WorkOrder]:
        start = search.archive.baseline.id
        rows = [search.examples[row] for row in search.train if search.examples[row].outputs]
        regions: Sequence[Sequence[str]] = [()]
        if self.clusters > 1:
            clusters = cluster_regions(rows, most=self.clusters, least=3, rng=search.rng("clusters"))
            regions = list(clusters.values()) if len(clusters) > 1 else [()]
        return [
            WorkOrder(
                operator=name,
                parents=(start,),
                within=tuple(inside),
                count=self.count,
                cases=self.cases,
                stream=index,
            )
            for index, (name, inside) in enumerate(
                (name, inside) for name in search.operators if name != _CHOOSE for inside in regions
            )
        ]

    def _train_selector(self, search: Search) -> list[WorkOrder]:
        scores = search.archive.scores
        logged = {
            candidate.id: scores.row(candidate.id, search.train) for candidate in self._best_single_prompt(search)
        }
        logs = {
            name: {row: evaluation.score for row, evaluation in rows.items()} for name, rows in logged.items() if rows
        }
        ranked = sorted(logs, key=lambda name: -sum(logs[name].values()) / len(logs[name]))[: self.most]
        if len(ranked) < 2:
            return []
        options = {"log": {name: logs[name] for name in ranked}}
        return [WorkOrder(operator=_CHOOSE, parents=tuple(ranked), options=options)]

    def _best_single_prompt(self, search: Search) -> list[Candidate]:
        return [candidate for candidate in search.archive.alive if len(candidate.program.prompts) == 1]
