"""A privacy budget that is spent once (DP-OPT, arXiv 2312.03724)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...core.errors import UsageError
from ...core.protocols import NEEDS_NOTHING, Decision
from ...core.search_types import Search, WorkOrder
from ..algorithms.selection import best_mean, keep_top


@dataclass(kw_only=True)
class PrivateProposals:
    """One round of orders on the baseline that share a privacy budget by addition; no candidate runs on train.

    What was spent is recorded with the round. `allows` lists the operators that keep within the share that an order
    gives them; any other may copy a train example, which would void the guarantee.

    Args:
        epsilon: Budget of the whole run.
        delta: Failure probability of the whole run.
        releases: Orders, each of them for every operator of the recipe.
    """

    name = "private"
    needs = NEEDS_NOTHING
    allows = frozenset({"private-ensemble"})

    epsilon: float = 4.0
    delta: float = 1e-4
    releases: int = 1

    def __post_init__(self) -> None:
        if self.epsilon <= 0 or not 0 < self.delta < 1 or self.releases < 1:
            raise UsageError(
                f"invalid privacy budget: epsilon {self.epsilon}, delta {self.delta}, {self.releases} releases",
                where="strategy private",
                possible=("epsilon > 0", "0 < delta < 1", "releases >= 1"),
            )

    def ask(self, search: Search) -> Sequence[WorkOrder]:
        if search.round > 1:
            search.ending = "its privacy budget is spent: another order would reveal more"
            return []
        operators = [name for name in search.operators for _ in range(self.releases)]
        share = {"epsilon": self.epsilon / len(operators), "delta": self.delta / len(operators)}
        start = search.archive.baseline.id
        return [
            WorkOrder(operator=name, parents=(start,), options=share, stream=index)
            for index, name in enumerate(operators)
        ]

    def pool(self, search: Search, new: Sequence[str]) -> Sequence[str]:
        return [search.archive.baseline.id, *new]

    def tell(self, search: Search, pool: Sequence[str], verdicts: Mapping[str, Decision]) -> Mapping[str, Decision]:
        search.remarks |= {
            "epsilon": self.epsilon,
            "delta": self.delta,
            "accountant": "addition over releases; within one, zCDP or addition, whichever is less",
            "neighbours": "one train row added or taken out",
        }
        return keep_top(search, pool, 1)

    def final(self, search: Search) -> str:
        return best_mean(search)
