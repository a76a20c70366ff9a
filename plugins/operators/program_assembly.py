"""One program assembled from the prompts of several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ...core.protocols import Need, Team
from ...core.search_types import Proposal, Request


@dataclass(kw_only=True)
class ProgramAssembly:
    """Takes the first parent's program and replaces named prompts by those of other parents.

    The order's option `slots` maps a prompt's name to the candidate it comes from; other prompts stay. No proposal
    where nothing changes.
    """

    name: str = field(default="assemble", init=False)
    needs: frozenset[Need] = field(default=frozenset(), init=False)
    calls: int = field(default=0, init=False)

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
