"""A learned score predictor as a filter: unpromising new candidates are not measured (as in PROMST)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...core.protocols import NEEDS_NOTHING, Decision
from ...core.search_types import Measurement, Search
from .full_evaluation import FullEvaluation
from .predictor import predict_scores


@dataclass(kw_only=True)
class PredictiveFilter:
    """Measures only the top share `keep` of a round's new candidates; the rest as `full`, with its options.

    The predictor is fitted on the run's own candidates. Its quality is the rank correlation between measured means and
    its leave-one-out predictions, and is recorded each round. Filtered candidates are dropped unmeasured; people's
    never are.

    Args:
        keep: Share of new candidates to measure.
        enough: Measured candidates before it filters.
        trust: Rank correlation below which it does not filter.
        rows: As for `full`, like `candidates` and `least`.
    """

    name = "predicted"
    needs = NEEDS_NOTHING

    keep: float = 0.5
    enough: int = 8
    trust: float = 0.3
    rows: int | None = None
    candidates: int | None = None
    least: int = 8

    def ask(self, search: Search, pool: Sequence[str]) -> Sequence[Measurement]:
        if "left_out" not in search.memory:
            search.memory["left_out"], search.memory["agreement"] = self._predict_dropped(search, pool)
        chosen = [name for name in pool if name not in search.memory["left_out"]]
        return FullEvaluation(rows=self.rows, candidates=self.candidates, least=self.least).ask(search, chosen)

    def tell(self, search: Search, pool: Sequence[str]) -> Mapping[str, Decision]:
        left_out, agreement = search.memory.get("left_out", []), search.memory.get("agreement")
        if agreement is not None:
            search.remarks |= {"rank_correlation": round(agreement, 3), "left_out": list(left_out)}
        return {name: "drop" if name in left_out else "undecided" for name in pool}

    def _predict_dropped(self, search: Search, pool: Sequence[str]) -> tuple[list[str], float | None]:
        """The candidates to drop, and the rank correlation; None if there is nothing to learn from."""
        archive, scores = search.archive, search.archive.scores
        measured = [candidate for candidate in archive.candidates.values() if scores.count(candidate.id, search.val)]
        new = [
            archive[name]
            for name in pool
            if not scores.count(name, search.val)
            and archive[name].operator != "person"
            and archive[name].status != "pinned"
        ]
        if len(measured) < max(2, self.enough) or not new:
            return [], None
        means = [scores.mean(candidate.id, search.val) or 0.0 for candidate in measured]
        prediction = predict_scores(
            measured, means, [scores.count(candidate.id, search.val) for candidate in measured], new
        )
        if prediction.agreement < self.trust:
            return [], prediction.agreement
        promise = dict(zip((candidate.id for candidate in new), prediction.scores, strict=True))
        ranked = sorted(promise, key=lambda name: -promise[name])
        return ranked[math.ceil(self.keep * len(ranked)) :], prediction.agreement
