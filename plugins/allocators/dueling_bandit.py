"""The duel that tells most about who is best (APOHF, arXiv 2405.17346): one pair at a time, by a model of worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ...core.errors import UsageError
from ...core.option_types import Count
from ...core.protocols import Decision, Need
from ...core.search_types import Duel, Search
from ..algorithms.preference_model import MODEL_KINDS, ModelKind, fit_preferences, prompt_features
from .common import no_decisions, row_order


@dataclass(kw_only=True)
class DuelingBandit:
    """A few random pairs first, then the prompt that promises most against the one that most plausibly beats it.

    duels: in all. first: random pairs at the beginning. rows: how many val rows the duels take turns on; where the
    budget has not two outputs for each duel, fewer, so that an output that is known serves again. width: how much
    doubt counts beside promise. model: `linear` for Bradley and Terry with features, or `neural`.
    """

    name: str = field(default="dueling", init=False)
    needs: frozenset[Need] = field(default=frozenset({"judge"}), init=False)
    duels: int = 50
    first: int = 5
    rows: Count = 8
    width: float = 1.0
    model: ModelKind = "linear"

    def __post_init__(self) -> None:
        check_model_kind(self.model, "dueling.model")

    def ask(self, search: Search, pool: Sequence[str]) -> Sequence[Duel]:
        met, rng = duels_within_pool(search, pool), search.rng("duels")
        if len(pool) < 2 or len(met) >= self.duels or search.remaining_runs < 2:
            return []
        if len(met) < self.first:
            pairs = [tuple(rng.sample(range(len(pool)), 2)) for _ in range(min(self.first, self.duels) - len(met))]
        else:
            shown = prompt_features([search.archive[name] for name in pool])
            pairs = [fit_preferences(shown, met, kind=self.model, seed=search.seed).informative_pair(self.width)]
        rows = row_order(search)[: self._rows(search, len(pool))]
        asked: list[Duel] = []
        for at, (one, other) in enumerate(pairs, len(met)):
            row = rows[at % len(rows)]
            same = [duel for duel in search.duels if {duel.first, duel.second} == {pool[one], pool[other]}]
            number = sum(duel.example == row for duel in same) + sum(
                {duel.first, duel.second} == {pool[one], pool[other]} and duel.example == row for duel in asked
            )
            asked.append(Duel(pool[one], pool[other], row, number))
        return asked

    def tell(self, search: Search, pool: Sequence[str]) -> Mapping[str, Decision]:
        return no_decisions(search, pool)

    def _rows(self, search: Search, prompts: int) -> int:
        if search.total_runs >= 2 * self.duels:
            return self.rows
        return max(1, min(self.rows, search.total_runs // (2 * prompts)))


def duels_within_pool(search: Search, pool: Sequence[str]) -> list[tuple[int, int, float]]:
    """The duels between prompts of the pool, by their places, oldest first."""
    place = {name: at for at, name in enumerate(pool)}
    return [
        (place[one.first], place[one.second], one.margin)
        for one in search.duels
        if one.first in place and one.second in place
    ]


def check_model_kind(model: str, where: str) -> None:
    if model not in MODEL_KINDS:
        raise UsageError(f"no model of worth is called {model!r}", where=where, possible=MODEL_KINDS)
