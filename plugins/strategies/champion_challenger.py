"""Keep the challenger if it wins (SPO, arXiv 2502.06855): one champion, one challenge a round, no scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ...core.option_types import Count
from ...core.protocols import Decision, Need
from ...core.search_types import Search, WorkOrder
from ..algorithms.champion import current_champion, duel_margin
from ..algorithms.pool_helpers import human_candidates


@dataclass(kw_only=True)
class ChampionChallenger:
    """Each round every operator challenges the champion; who wins its duels is the next champion.

    samples: train rows whose outputs the author is shown, the same ones in every round.
    """

    name: str = field(default="chain", init=False)
    needs: frozenset[Need] = field(default=frozenset({"judge"}), init=False)
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
        """Former champions stay: should the present one be taken out, the one before it leads again."""
        leading = current_champion(search)
        return {
            name: "keep" if name == leading or search.archive[name].status in ("kept", "pinned") else "drop"
            for name in pool
            if name == leading or any(duel_margin(search, name, other) is not None for other in pool)
        }

    def final(self, search: Search) -> str:
        return current_champion(search)
