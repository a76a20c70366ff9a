"""The state of the graph: small, typed, JSON. Texts live in the store, by content hash."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, TypeVar

from typing_extensions import TypedDict


class Draft(TypedDict):
    """A proposal on its way to the screen: the program is in the store under its id."""

    order: int
    place: int
    program: str
    parents: list[str]
    operator: str
    rationale: str


T = TypeVar("T")
BUDGET_SPENT = "the budget is spent"
TIME_UP = "the time is up"


def append_reducer(old: Sequence[T], new: Sequence[T] | None) -> list[T]:
    """What a round's orders bring arrives side by side; None clears the tray for the next round."""
    return [] if new is None else [*old, *new]


class RunState(TypedDict, total=False):
    """What a checkpoint holds.

    step: counts the nodes that ran; what a node writes into the store carries it, so that a node that is run again
    after a crash sees the archive as it was. ledger: the account at the end of the last step; decisions use it and
    not the live one. memory: the policies' own JSON state. unpaid: places of the round's
    orders that the budget had no calls for. rows: what the orders brought of these. waiting: duels that a person has to
    decide before more is measured. idle: rounds in a row without a new candidate or measurement. directive: the last
    that was heard. approved: the last round that a person lets be paid for. ending: why the search ended, empty while
    it goes on.
    """

    run: str
    step: int
    round: int
    plan: list[str]
    orders: list[dict[str, Any]]
    drafts: Annotated[list[Draft], append_reducer]
    unpaid: Annotated[list[int], append_reducer]
    rows: Annotated[list[dict[str, Any]], append_reducer]
    new: list[str]
    pool: list[str]
    idle: int
    batch: int
    waiting: list[dict[str, Any]]
    memory: dict[str, dict[str, Any]]
    hints: list[str]
    directive: int
    approved: int
    ledger: dict[str, Any]
    sealed_rows: int
    seconds: float
    best: str
    ending: str
    report: bool
    budget: dict[str, Any]


class ProposeState(TypedDict):
    """What one `Send` carries: a place in the round's orders, and what the node needs of the run's state.

    seconds: the run's age at the last step. until: its age from which authors begin no more requests this round; None
    where minutes are not limited.
    """

    run: str
    step: int
    round: int
    plan: list[str]
    hints: list[str]
    directive: int
    order: dict[str, Any]
    place: int
    seconds: float
    until: float | None
