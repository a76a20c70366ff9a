"""The additions of several children to their parent, combined."""

from __future__ import annotations

from collections.abc import Sequence

from ...core.prompt import Prompt
from ...core.protocols import NEEDS_NOTHING, Team
from ...core.search_types import Proposal, Request


class CombineRules:
    """The order's first parent with the principles and sections that the other parents added.

    Makes no model calls. No proposal where the others add nothing.
    """

    name = "unite"
    needs = NEEDS_NOTHING
    calls = 0

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        base = request.parents[0].program
        others = [parent.program.main for parent in request.parents[1:]]
        united = _combine_prompts(base.main, others)
        if united == base.main:
            return []
        return [Proposal(program=base.replace(united), rationale=f"what {len(others)} edits added, together")]


def _combine_prompts(base: Prompt, others: Sequence[Prompt]) -> Prompt:
    principles = dict.fromkeys([*base.principles, *(principle for other in others for principle in other.principles)])
    sections = dict.fromkeys([*base.sections, *(section for other in others for section in other.sections)])
    return base.with_(principles=tuple(principles), sections=tuple(section.model_dump() for section in sections))
