"""A program put together from slots: of each of its prompts, the words of one and the demos of another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ...core.program import Program
from ...core.protocols import Need, Team
from ...core.search_types import Proposal, Request


def combine_slots(pieces: Sequence[Program]) -> Program:
    """Two programs for each slot of the first, in the order of its slots: whose words, and whose demos. Two for a
    program without slots."""
    whole = pieces[0]
    slots = whole.slots or (whole.main_name,)
    for slot, words, demos in zip(slots, pieces[::2], pieces[1::2], strict=True):
        whole = whole.replace(words.prompts[slot].with_(demos=demos.prompts[slot].demos), slot)
    return whole


@dataclass(kw_only=True)
class SlotCombination:
    """The parents in twos: the words of the first with the demos of the second, a pair for each slot."""

    name: str = field(default="combine", init=False)
    needs: frozenset[Need] = field(default=frozenset(), init=False)
    calls: int = field(default=0, init=False)

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        names = request.parents[0].program.slots or (request.parents[0].program.main_name,)
        if len(request.parents) != 2 * len(names):
            return []
        program = combine_slots([one.program for one in request.parents])
        shown = ", ".join(f"{len(program.prompts[name].demos)} demos" for name in names)
        parents = tuple(dict.fromkeys(one.id for one in request.parents))
        return [Proposal(program=program, rationale=f"{shown} of another under these words", parents=parents)]
