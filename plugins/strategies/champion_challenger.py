"""Keep the challenger if it wins (SPO, arXiv 2502.06855): one champion, one challenge per round, no scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...core.option_types import Count
from ...core.protocols import NEEDS_JUDGE, Decision
from ...core.search_types import Search, WorkOrder
from ..algorithms.champion import current_champion, duel_margin
from ..algorithms.selection import human_candidates


@dataclass(kw_only=True)
class ChampionChallenger:
    """Each round every operator challenges the champion; the winner of the duels is the next champion.

    Args:
        samples: Train examples whose outputs the optimizer model sees, the same in every round.
    """

    name = "chain"
    needs = NEEDS_JUDGE

    samples: Count = 3

    def ask(self, search: Search) -> Sequence[WorkOrder]:
        rows = search.train[: self.samples]
        return [
            WorkOrder(operator=name, parents=(current_champion(search),), cases=len(rows), rows=rows)
            for name in search.operators
        ]

    def pool(self, search: Search, new: Sequence[str]) -> Sequence[str]:
        return list(dict.fromkeys([current_champion(search), *human_candidates(search), *new]))

    def tell(self, search: Search, pool: Sequence[str], verdicts: Mapping[str, Decision]) -> Mapping[str, Decision]:
        """Former champions stay: if the present one is vetoed, the previous one leads again."""
        leading = current_champion(search)
        return {
            name: "keep" if name == leading or search.archive[name].status in ("kept", "pinned") else "drop"
            for name in pool
            if name == leading or any(duel_margin(search, name, other) is not None for other in pool)
        }

    def final(self, search: Search) -> str:
        return current_champion(search)
