"""One program of prompts from several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ...core.protocols import Need, Team
from ...core.search_types import Proposal, Request


@dataclass(kw_only=True)
class ProgramAssembly:
    """The first parent's program, each named prompt taken from the parent that the order's option `slots` names
    (prompt → candidate); those it does not name stay. Nothing where that changes nothing."""

    name: str = field(default="assemble", init=False)
    needs: frozenset[Need] = field(default=frozenset(), init=False)
    calls: int = field(default=0, init=False)

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        first, *others = request.parents
        known = {one.id: one.program for one in others}
        wanted = {slot: known[one] for slot, one in request.order.options.get("slots", {}).items() if one in known}
        program = first.program
        for slot, source in wanted.items():
            if slot in program.prompts and slot in source.prompts:
                program = program.replace(source.prompts[slot], slot)
        if program.id == first.program.id:
            return []
        return [Proposal(program=program, rationale=f"together: {', '.join(sorted(wanted))}")]
