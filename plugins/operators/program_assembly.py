"""One program assembled from the prompts of several."""

from __future__ import annotations

from collections.abc import Sequence

from ...core.protocols import NEEDS_NOTHING, Team
from ...core.search_types import Proposal, Request


class ProgramAssembly:
    """Takes the first parent's program and replaces named prompts by those of other parents.

    The order's option `slots` maps a prompt's name to the candidate it comes from; other prompts stay. No proposal
    where nothing changes.
    """

    name = "assemble"
    needs = NEEDS_NOTHING
    calls = 0

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        first, *others = request.parents
        programs = {parent.id: parent.program for parent in others}
        sources = {
            slot: programs[source_id]
            for slot, source_id in request.order.options.get("slots", {}).items()
            if source_id in programs
        }
        program = first.program
        for slot, source in sources.items():
            if slot in program.prompts and slot in source.prompts:
                program = program.replace(source.prompts[slot], slot)
        if program.id == first.program.id:
            return []
        return [Proposal(program=program, rationale=f"together: {', '.join(sorted(sources))}")]
