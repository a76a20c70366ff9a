"""A program combined slot by slot: the wording of one parent and the demos of another."""

from __future__ import annotations

from collections.abc import Sequence

from ...core.program import Program
from ...core.protocols import NEEDS_NOTHING, Team
from ...core.search_types import Proposal, Request


def combine_slots(pieces: Sequence[Program]) -> Program:
    """Combine two programs per slot of the first, in the order of its slots: one for wording, one for demos.

    A program without slots takes two.
    """
    whole = pieces[0]
    slots = whole.slots or (whole.main_name,)
    for slot, words, demos in zip(slots, pieces[::2], pieces[1::2], strict=True):
        whole = whole.replace(words.prompts[slot].with_(demos=demos.prompts[slot].demos), slot)
    return whole


class SlotCombination:
    """Pairs of parents, one pair per slot: the wording of the first with the demos of the second."""

    name = "combine"
    needs = NEEDS_NOTHING
    calls = 0

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        names = request.parents[0].program.slots or (request.parents[0].program.main_name,)
        if len(request.parents) != 2 * len(names):
            return []
        program = combine_slots([parent.program for parent in request.parents])
        demo_counts = ", ".join(f"{len(program.prompts[name].demos)} demos" for name in names)
        parents = tuple(dict.fromkeys(parent.id for parent in request.parents))
        return [Proposal(program=program, rationale=f"{demo_counts} of another under these words", parents=parents)]
