"""One prompt of several: an operator sees programs of that prompt alone, and what it makes is put back in its place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ...core.candidate import Candidate
from ...core.program import Program
from ...core.search_types import ALL_PROMPTS, Proposal, Request


def for_prompt(request: Request) -> Request:
    """The request as if the program consisted of the order's slot alone; the same request where no slot is named."""
    slot = request.order.slot
    if slot in ("", ALL_PROMPTS):
        return request
    return replace(
        request,
        parents=tuple(_single_prompt(one, slot) for one in request.parents),
        ancestors=tuple(_single_prompt(one, slot) for one in request.ancestors),
        peers=tuple(_single_prompt(one, slot) for one in request.peers),
    )


def restore_program(proposals: Sequence[Proposal], slot: str, whole: Program) -> list[Proposal]:
    """Whole programs again: `whole` with the slot's prompt exchanged for the proposal's."""
    if slot in ("", ALL_PROMPTS):
        return list(proposals)
    return [one.model_copy(update={"program": whole.replace(one.program.main, slot)}) for one in proposals]


def _single_prompt(candidate: Candidate, slot: str) -> Candidate:
    """Kin from before the prompts were several have one prompt for everything."""
    program = candidate.program
    return candidate.model_copy(update={"program": Program.of(program.prompts.get(slot, program.main))})
