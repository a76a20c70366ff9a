"""The state of the graph: small, typed, JSON. Texts live in the store, by content hash."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal, TypeVar

from typing_extensions import TypedDict

BUDGET_SPENT = "the budget is spent"
TIME_UP = "the time is up"

T = TypeVar("T")


class Draft(TypedDict):
    """A proposal that the screen has not seen yet. The store has the program under its id.

    order: index of its order in the round. place: its index among that order's proposals.
    """

    order: int
    place: int
    program: str
    parents: list[str]
    operator: str
    rationale: str


def append_reducer(old: Sequence[T], new: Sequence[T] | None) -> list[T]:
    """Collects what a round's orders return concurrently; None empties the list for the next round."""
    return [] if new is None else [*old, *new]


class RunState(TypedDict, total=False):
    """What a checkpoint holds.

    step: counts the nodes that ran. What a node writes into the store carries it, so that a node that runs again after
        a crash sees the archive as it was.
    orders, drafts, unpaid, rows: of this round. unpaid: indexes of orders that the budget had no calls for.
        rows: new examples that orders returned.
    new, pool: ids of the round's new candidates, and of those the allocator may measure.
    idle: rounds in a row without a new candidate or measurement.
    batch: how much the last `evaluate` measured; 0 ends the round's measuring.
    waiting: duels that a person has to decide before more is measured.
    memory: JSON state of strategy and allocator.
    directive: number of the last directive that was applied.
    approved: the last round that a person approved.
    ledger: at the end of the last step. Decisions use it and not the live ledger.
    sealed_rows: how many held-out examples the budget is reserved for.
    passes: how often the recipe's schedule began again. pass_round: the round before the last of these passes.
        pass_root: the candidate that it began with. pass_entered: how many candidates there were.
    seconds: the run's age at the end of the last step.
    best_round: the last round that changed the best candidate; 0 if none did.
    ending: why the search ends, empty while it goes on.
    ended: how it ended, empty until its last node has run. The store has the same fact.
    report: whether the search ends with a report.
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
    passes: int
    pass_round: int
    pass_root: str
    pass_entered: int
    seconds: float
    best: str
    best_round: int
    ending: str
    ended: Literal["", "stopped", "finished"]
    report: bool
    budget: dict[str, Any]


class ProposeState(TypedDict):
    """What one `Send` carries: an order, and what its node needs of the run's state.

    place: the order's index in the round. seconds: the run's age at the last step. until: the age at which writing
    starts no more requests this round; None where minutes are not limited.
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
