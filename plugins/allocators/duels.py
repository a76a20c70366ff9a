"""Duels: with the champion (SPO, arXiv 2502.06855), or by a dueling bandit (APOHF, arXiv 2405.17346).

Both outputs go to the judge; there are no scores.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...core.option_types import Count
from ...core.protocols import NEEDS_JUDGE, Decision
from ...core.search_types import Duel, Search
from ..algorithms.champion import current_champion, duel_margin
from ..algorithms.preference_model import (
    ModelKind,
    check_model_kind,
    duels_within_pool,
    fit_preferences,
    prompt_features,
)
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
        # The champion at the start of the round: once its duels are judged, a new candidate may lead already.
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


@dataclass(kw_only=True)
class DuelingBandit:
    """A few random pairs first, then the most promising prompt against the one most likely to beat it.

    Args:
        duels: Duels in all.
        first: Random pairs at the beginning.
        rows: Val examples that the duels take turns on; fewer where the budget lacks two outputs per duel, so that
            known outputs are reused.
        width: Weight of uncertainty beside the estimate.
        model: `linear` for Bradley-Terry with features, or `neural`.
    """

    name = "dueling"
    needs = NEEDS_JUDGE

    duels: int = 50
    first: int = 5
    rows: Count = 8
    width: float = 1.0
    model: ModelKind = "linear"

    def __post_init__(self) -> None:
        check_model_kind(self.model, "dueling.model")

    def ask(self, search: Search, pool: Sequence[str]) -> Sequence[Duel]:
        past_duels, rng = duels_within_pool(search, pool), search.rng("duels")
        if len(pool) < 2 or len(past_duels) >= self.duels or search.remaining_runs < 2:
            return []
        if len(past_duels) < self.first:
            pairs = [
                tuple(rng.sample(range(len(pool)), 2)) for _ in range(min(self.first, self.duels) - len(past_duels))
            ]
        else:
            features = prompt_features([search.archive[name] for name in pool])
            pairs = [
                fit_preferences(features, past_duels, kind=self.model, seed=search.seed).informative_pair(self.width)
            ]
        rows = row_order(search)[: self._rows(search, len(pool))]
        duels: list[Duel] = []
        for at, (first, other) in enumerate(pairs, len(past_duels)):
            row = rows[at % len(rows)]
            same = [duel for duel in search.duels if {duel.first, duel.second} == {pool[first], pool[other]}]
            number = sum(duel.example == row for duel in same) + sum(
                {duel.first, duel.second} == {pool[first], pool[other]} and duel.example == row for duel in duels
            )
            duels.append(Duel(pool[first], pool[other], row, number))
        return duels

    def tell(self, search: Search, pool: Sequence[str]) -> Mapping[str, Decision]:
        return no_decisions(search, pool)

    def _rows(self, search: Search, prompts: int) -> int:
        if search.total_runs >= 2 * self.duels:
            return self.rows
        return max(1, min(self.rows, search.total_runs // (2 * prompts)))
