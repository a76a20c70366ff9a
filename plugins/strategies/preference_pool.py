"""A fixed pool, and the prompt that duels favor (APOHF, arXiv 2405.17346): no scores, no second round."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...core.option_types import Count
from ...core.protocols import NEEDS_JUDGE, Decision
from ...core.search_types import Search, WorkOrder
from ..algorithms.preference_model import (
    ModelKind,
    check_model_kind,
    duels_within_pool,
    fit_preferences,
    prompt_features,
)


@dataclass(kw_only=True)
class PreferencePool:
    """One round of orders on the baseline, one per operator; then the baseline and all new prompts duel.

    Args:
        count: Proposals per operator.
        most: Prompts in the pool, the oldest ones.
        model: Preference model, as the allocator's.
    """

    name = "preferred"
    needs = NEEDS_JUDGE

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
        return [candidate.id for candidate in search.archive.alive][: self.most]

    def tell(self, search: Search, pool: Sequence[str], verdicts: Mapping[str, Decision]) -> Mapping[str, Decision]:
        """The preferred prompt is kept; the others stay undecided, in case a person vetoes it."""
        leading = self.final(search)
        return {name: "keep" if name == leading else "undecided" for name in pool}

    def final(self, search: Search) -> str:
        """The highest estimated worth among prompts with a duel; the baseline if there are none."""
        alive = search.archive.alive[: self.most]
        duels = duels_within_pool(search, [candidate.id for candidate in alive])
        dueled = sorted({at for duel in duels for at in duel[:2]})
        if not dueled:
            return search.archive.baseline.id
        worth = fit_preferences(prompt_features(alive), duels, kind=self.model, seed=search.seed).worth
        return alive[max(dueled, key=lambda at: worth[at])].id
