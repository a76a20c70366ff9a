"""One prompt of several: an operator sees programs of that prompt alone, and what it makes is put back in its place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..core.candidate import Candidate
from ..core.orders import WHOLE, Proposal, Request
from ..core.program import Program


def focused(request: Request) -> Request:
    """The request as if the program consisted of the order's slot alone; the same request where no slot is named."""
    slot = request.order.slot
    if slot in ("", WHOLE):
        return request
    return replace(
        request,
        parents=tuple(_alone(one, slot) for one in request.parents),
        ancestors=tuple(_alone(one, slot) for one in request.ancestors),
        peers=tuple(_alone(one, slot) for one in request.peers),
    )


def put_back(proposals: Sequence[Proposal], slot: str, whole: Program) -> list[Proposal]:
    """Whole programs again: `whole` with the slot's prompt exchanged for the proposal's."""
    if slot in ("", WHOLE):
        return list(proposals)
    return [one.model_copy(update={"program": whole.replace(one.program.main, slot)}) for one in proposals]


def _alone(candidate: Candidate, slot: str) -> Candidate:
    """Kin from before the prompts were several have one prompt for everything."""
    program = candidate.program
    return candidate.model_copy(update={"program": Program.of(program.prompts.get(slot, program.main))})
