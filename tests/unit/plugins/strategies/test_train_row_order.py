"""Which train rows are run: each once before any twice, and none for an author that reads no failures."""

from __future__ import annotations

from maieutic.core.candidate import Archive, Candidate
from maieutic.core.dataset import Example
from maieutic.core.program import Program
from maieutic.core.search_types import Search
from maieutic.plugins.strategies.claim_verification import ClaimVerification
from maieutic.plugins.strategies.operator_bandit import OperatorBandit

ROWS = {f"t{n}": Example(id=f"t{n}", input=f"row {n}", outputs=("yes",)) for n in range(12)}


def search(*operators: str) -> Search:
    archive = Archive()
    for name in ("start", "one", "two"):
        archive.add(Candidate(id=name, program=Program.of(name), operator="start", status="kept"))
    return Search(
        archive=archive,
        train=tuple(ROWS),
        val=("v0",),
        seed=0,
        round=1,
        step=1,
        remaining_runs=400,
        total_runs=400,
        operators=dict.fromkeys(operators, 1.0),
        examples=ROWS,
    )


def test_rounds_that_join_use_up_no_rows() -> None:
    found, verified, seen = search("claims", "unite"), ClaimVerification(cases=3), list[str]()
    for found.round in range(1, 7):
        (order,) = verified.ask(found)
        seen += order.rows
        found.memory["verified"] = [] if order.operator == "unite" else ["one", "two"]
    assert sorted(seen[:9]) == sorted(set(seen[:9])), "three rounds of claims, with one that joins after each"
    assert len(seen) == 9


def test_a_leader_is_run_for_authors_that_read_failures_alone() -> None:
    found = search("rewrite", "induce", "layout")
    found.round = 2
    authors = ["rewrite", "induce"]
    bandit = OperatorBandit(authors=authors, blind=["induce"], author_orders=40, children=40)
    cases = {order.operator: order.cases for order in bandit.ask(found)}
    assert cases == {"rewrite": 4, "induce": 0, "layout": 0}
