"""A fixed pool, and the prompt that duels tell most for (APOHF, arXiv 2405.17346): no scores, no second round."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ...core.option_types import Count
from ...core.protocols import Decision, Need
from ...core.search_types import Search, WorkOrder
from ..algorithms.preference_model import ModelKind, fit_preferences, prompt_features
from ..allocators.dueling_bandit import check_model_kind, duels_within_pool


@dataclass(kw_only=True)
class PreferencePool:
    """One round of orders, one for each operator, on the start prompt; then the start and all newcomers duel.

    count: proposals wanted of each operator. most: prompts in the pool, the oldest ones. model: as the allocator's.
    """

    name: str = field(default="preferred", init=False)
    needs: frozenset[Need] = field(default=frozenset({"judge"}), init=False)
    count: Count = 1
    most: int = 200
    model: ModelKind = "linear"

    def __post_init__(self) -> None:
        check_model_kind(self.model, "preferred.model")

    def ask(self, search: Search) -> Sequence[WorkOrder]:
        if search.round > 1:
            return []
        start = search.archive.baseline.id
        return [WorkOrder(operator=name, parents=(start,), count=self.count) for name in search.operators]

    def pool(self, search: Search, new: Sequence[str]) -> Sequence[str]:
        return [one.id for one in search.archive.alive][: self.most]

    def tell(self, search: Search, pool: Sequence[str], verdicts: Mapping[str, Decision]) -> Mapping[str, Decision]:
        """The preferred one stays; the others wait, in case a person takes it out."""
        leading = self.final(search)
        return {name: "keep" if name == leading else "undecided" for name in pool}

    def final(self, search: Search) -> str:
        """The highest worth among those that met anybody; the start prompt where nobody did."""
        alive = search.archive.alive[: self.most]
        met = duels_within_pool(search, [one.id for one in alive])
        known = sorted({at for one in met for at in one[:2]})
        if not known:
            return search.archive.baseline.id
        worth = fit_preferences(prompt_features(alive), met, kind=self.model, seed=search.seed).worth
        return alive[max(known, key=lambda at: worth[at])].id
