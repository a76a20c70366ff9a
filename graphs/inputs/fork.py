"""A fork: a run that starts with another run's candidate beside the baseline."""

from __future__ import annotations

from collections.abc import Sequence

from ...core.candidate import Archive, Candidate
from ...core.errors import UsageError
from ...core.search_types import WorkOrder
from ...runtime.store import Store
from ..candidate_guards import candidate_id
from ..run_options import ForkOrigin

_FIRST_STEP = 1


def load_parent(store: Store, origin: ForkOrigin) -> Candidate:
    """The forked candidate as it enters the new run: a person chose it, and it is measured like any other.

    Raises UsageError for one that does not exist, or that a guard rejected.
    """
    parent = next((candidate for candidate in store.candidates(origin.run) if candidate.id == origin.candidate), None)
    if parent is None:
        raise UsageError(f"there is no candidate {origin.candidate}", where=f"run {origin.run}")
    if parent.status == "rejected":
        raise UsageError(
            f"{parent.id} was rejected by a guard: {parent.reason}",
            where=f"run {origin.run}",
            remedy="fork another one",
        )
    return Candidate(
        id=candidate_id(parent.program),
        program=parent.program,
        operator="person",
        rationale=f"forked from run {origin.run}, candidate {origin.candidate} (made there by {parent.operator})",
        status="racing",
        step=_FIRST_STEP,
    )


def redirect_orders(orders: Sequence[WorkOrder], archive: Archive, round: int) -> list[WorkOrder]:
    """The first round of a fork works on the forked candidate, where it would work on the baseline."""
    baseline = archive.baseline.id
    forked = [candidate.id for candidate in archive.alive if candidate.operator == "person" and not candidate.parents]
    if round != 1 or not forked:
        return list(orders)
    return [
        order.model_copy(update={"parents": (forked[0],)}) if order.parents == (baseline,) else order
        for order in orders
    ]
