"""Duels with the champion: a few examples, both outputs to the judge (SPO, arXiv 2502.06855)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...core.protocols import NEEDS_JUDGE, Decision
from ...core.search_types import Duel, Search
from ..algorithms.champion import current_champion, duel_margin
from .common import no_decisions, row_order


@dataclass(kw_only=True)
class ChampionDuels:
    """Every new candidate duels the champion on the same val examples; the winner duels the baseline too.

    The baseline's outputs are known. Without these duels a chain of narrow wins could drift.

    Args:
        samples: Examples per pair.
    """

    name = "duel"
    needs = NEEDS_JUDGE

    samples: int = 3

    def ask(self, search: Search, pool: Sequence[str]) -> Sequence[Duel]:
        # The round's own champion: once the duels are judged, a newcomer may lead already.
        standing = search.memory.setdefault("champion", current_champion(search))
        rows, start = row_order(search)[: self.samples], search.archive.baseline.id
        newcomers = [name for name in pool if name != standing]
        duels = [Duel(standing, name, row) for name in newcomers for row in rows]
        if standing != start:
            winners = [name for name in newcomers if (duel_margin(search, name, standing) or 0.0) > 0]
            duels += [Duel(start, name, row) for name in winners if name != start for row in rows]
        judged = {(duel.first, duel.second, duel.example) for duel in search.duels}
        return [duel for duel in duels if (duel.first, duel.second, duel.example) not in judged]

    def tell(self, search: Search, pool: Sequence[str]) -> Mapping[str, Decision]:
        return no_decisions(search, pool)
