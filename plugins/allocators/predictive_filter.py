"""A learned predictor as a filter: of the newcomers, those that promise nothing are not paid for (as in PROMST)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ...core.protocols import Decision, Need
from ...core.search_types import Measurement, Search
from .full_evaluation import FullEvaluation
from .predictor import predict_scores


@dataclass(kw_only=True)
class PredictiveFilter:
    """Only the top share `keep` of a round's newcomers is measured; all others as by `full`, with its options.

    The predictor is fitted on the run's own archive, and says what it is worth: the rank correlation between what was
    measured and what it says of candidates left out of its fit. It filters from `enough` measured candidates on, and
    only while that correlation is at least `trust`; the round's record tells the figure either way. Who is filtered out
    is dropped unmeasured; a person's prompt never is.
    """

    name: str = field(default="predicted", init=False)
    needs: frozenset[Need] = field(default=frozenset(), init=False)
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
        """Who is left out, and the predictor's rank correlation; None where there was nothing to learn from."""
        archive, scores = search.archive, search.archive.scores
        known = [one for one in archive.candidates.values() if scores.count(one.id, search.val)]
        new = [
            archive[name]
            for name in pool
            if not scores.count(name, search.val)
            and archive[name].operator != "person"
            and archive[name].status != "pinned"
        ]
        if len(known) < max(2, self.enough) or not new:
            return [], None
        means = [scores.mean(one.id, search.val) or 0.0 for one in known]
        told = predict_scores(known, means, [scores.count(one.id, search.val) for one in known], new)
        if told.agreement < self.trust:
            return [], told.agreement
        promise = dict(zip((one.id for one in new), told.scores, strict=True))
        ranked = sorted(promise, key=lambda name: -promise[name])
        return ranked[math.ceil(self.keep * len(ranked)) :], told.agreement
