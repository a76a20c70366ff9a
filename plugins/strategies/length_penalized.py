"""A score with a length penalty (Promptomatix, arXiv 2507.14241): extra words must pay for themselves."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...core.candidate import Candidate
from ...core.protocols import NEEDS_NOTHING, Decision
from ...core.search_types import Search, WorkOrder
from ..algorithms.selection import sufficiently_measured


@dataclass(kw_only=True)
class LengthPenalized:
    """Every round every operator works on the best candidate by mean x exp(-price x words beyond the baseline).

    A prompt shorter than the baseline gains nothing: saying less does not make a prompt better.

    Args:
        price: Per word; at 0.0005, a hundred more words have to raise the mean by a twentieth of itself.
        patience: Rounds without a better candidate that end the search.
        cases: Train examples whose failures are shown.
    """

    name = "thrifty"
    needs = NEEDS_NOTHING

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
            key=lambda candidate: self._penalized_score(search, candidate),
            default=search.archive.baseline,
        ).id

    def _penalized_score(self, search: Search, candidate: Candidate) -> float:
        mean = search.archive.scores.mean(candidate.id, search.val) or 0.0
        return mean * math.exp(-self.price * max(0, _word_count(candidate) - _word_count(search.archive.baseline)))


def _word_count(candidate: Candidate) -> int:
    return sum(prompt.words for prompt in candidate.program.prompts.values())
