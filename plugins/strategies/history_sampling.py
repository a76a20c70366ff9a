"""Sampling from a scored history (OPRO, arXiv 2309.03409)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...core.option_types import Count
from ...core.protocols import NEEDS_NOTHING, Decision
from ...core.search_types import Search, WorkOrder
from ..algorithms.selection import best_mean, human_candidates, measured_ids


@dataclass(kw_only=True)
class HistorySampling:
    """Each round `samples` new prompts are written from the best earlier ones with their scores; all are kept.

    The history in the question does the selection, so the first round measures the baseline.

    Args:
        samples: Prompts per round and operator.
    """

    name = "history"
    needs = NEEDS_NOTHING

    samples: Count = 8

    def ask(self, search: Search) -> Sequence[WorkOrder]:
        if search.round == 1 and not search.archive.scores.count(search.archive.baseline.id, search.val):
            return []
        best = self.final(search)
        return [WorkOrder(operator=name, parents=(best,), count=self.samples) for name in search.operators]

    def pool(self, search: Search, new: Sequence[str]) -> Sequence[str]:
        return list(dict.fromkeys([search.archive.baseline.id, *human_candidates(search), *new]))

    def tell(self, search: Search, pool: Sequence[str], verdicts: Mapping[str, Decision]) -> Mapping[str, Decision]:
        return dict.fromkeys(measured_ids(search, pool), "keep")

    def final(self, search: Search) -> str:
        return best_mean(search)
