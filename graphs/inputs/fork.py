"""A fork: a run that begins with another run's candidate beside the start prompt."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

from ...core.candidate import Archive, Candidate
from ...core.errors import UsageError
from ...core.search_types import WorkOrder
from ...runtime.store import Store
from ..candidate_guards import candidate_id

_FIRST_STEP = 1


class ForkOrigin(BaseModel):
    """Which candidate of which run a fork began from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    run: str
    candidate: str


def load_parent(store: Store, origin: ForkOrigin) -> Candidate:
    """The forked candidate as it enters the new run: a person chose it, and the gate decides as for any other.

    Raises UsageError for one that is not there, or that a guard rejected.
    """
    found = next((one for one in store.candidates(origin.run) if one.id == origin.candidate), None)
    if found is None:
        raise UsageError(f"there is no candidate {origin.candidate}", where=f"run {origin.run}")
    if found.status == "rejected":
        raise UsageError(
            f"{found.id} was rejected by a guard: {found.reason}", where=f"run {origin.run}", remedy="fork another one"
        )
    return Candidate(
        id=candidate_id(found.program),
        program=found.program,
        operator="person",
        rationale=f"forked from run {origin.run}, candidate {origin.candidate} (made there by {found.operator})",
        status="racing",
        step=_FIRST_STEP,
    )


def redirect_orders(orders: Sequence[WorkOrder], archive: Archive, round: int) -> list[WorkOrder]:
    """The first round of a fork works on what was forked, where it would work on the start prompt."""
    start = archive.baseline.id
    forked = [one.id for one in archive.alive if one.operator == "person" and not one.parents]
    if round != 1 or not forked:
        return list(orders)
    return [
        order.model_copy(update={"parents": (forked[0],)}) if order.parents == (start,) else order for order in orders
    ]
