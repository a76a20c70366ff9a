"""A privacy budget is spent in equal shares."""

from __future__ import annotations

from maieutic.core.candidate import Archive, Candidate
from maieutic.core.program import Program
from maieutic.core.search_types import Search
from maieutic.plugins.strategies.private_proposals import PrivateProposals


def search(*operators: str) -> Search:
    start = Candidate(id="c0", program=Program.of("Say it."), operator="start")
    given = {
        "train": ("t1",),
        "val": ("v1", "v2"),
        "seed": 0,
        "round": 1,
        "step": 2,
        "remaining_runs": 40,
        "total_runs": 40,
    }
    return Search(archive=Archive([start]), operators=dict.fromkeys(operators, 1.0), **given)  # type: ignore[arg-type]


def test_the_ensemble_gets_the_whole_budget_in_equal_shares() -> None:
    orders = PrivateProposals(epsilon=4.0, releases=2).ask(search("private-ensemble"))
    assert [order.options["epsilon"] for order in orders] == [2.0, 2.0]
