"""A score that counts words too (Promptomatix, arXiv 2507.14241): longer has to be better by more than it costs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ...core.candidate import Candidate
from ...core.protocols import Decision, Need
from ...core.search_types import Search, WorkOrder
from ..algorithms.selection import sufficiently_measured


@dataclass(kw_only=True)
class LengthPenalized:
    """Every round every operator works on the best; who is best is told by mean x exp(-price x words over the start's).

    price: by word; at 0.0005, a hundred words more have to raise the mean by a twentieth of itself. Shorter than the
    start gains nothing: a prompt is not made better by saying less. patience: rounds without a better one after which
    it ends. cases: train rows whose failures are shown.
    """

    name: str = field(default="thrifty", init=False)
    needs: frozenset[Need] = field(default=frozenset(), init=False)
    price: float = 0.0005
    patience: int = 3
    cases: int = 6

    def ask(self, search: Search) -> Sequence[WorkOrder]:
        if search.memory.get("idle", 0) >= self.patience:
            return []
        parent = self.final(search)
        cases = min(self.cases, len(search.train))
        return [WorkOrder(operator=name, parents=(parent,), cases=cases) for name in search.operators]

    def pool(self, search: Search, new: Sequence[str]) -> Sequence[str]:
        return list(dict.fromkeys([search.archive.baseline.id, self.final(search), *new]))

    def tell(self, search: Search, pool: Sequence[str], verdicts: Mapping[str, Decision]) -> Mapping[str, Decision]:
        best, start = self.final(search), search.archive.baseline.id
        search.memory["idle"] = 0 if best != search.memory.get("best", start) else search.memory.get("idle", 0) + 1
        search.memory["best"] = best
        search.remarks["worth"] = {name: round(self._penalized_score(search, search.archive[name]), 4) for name in pool}
        return {name: "keep" if name in (best, start) else "drop" for name in pool}

    def final(self, search: Search) -> str:
        """The oldest on ties."""
        return max(
            sufficiently_measured(search),
            key=lambda one: self._penalized_score(search, one),
            default=search.archive.baseline,
        ).id

    def _penalized_score(self, search: Search, one: Candidate) -> float:
        mean = search.archive.scores.mean(one.id, search.val) or 0.0
        return mean * math.exp(-self.price * max(0, _word_count(one) - _word_count(search.archive.baseline)))


def _word_count(one: Candidate) -> int:
    return sum(prompt.words for prompt in one.program.prompts.values())
