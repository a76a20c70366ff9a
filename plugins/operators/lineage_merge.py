"""Two lineages merged part by part (the system-aware merge of GEPA, arXiv 2507.19457, applied to parts of prompts)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from ...core.program import Program
from ...core.prompt import Prompt
from ...core.protocols import NEEDS_NOTHING, Team
from ...core.search_types import Proposal, Request

PARTS = ("system", "instruction", "sections", "principles", "branches", "demos", "format")


class LineageMerge:
    """A child of the first two parents; the third parent, or their nearest common ancestor, is the merge base.

    For each part of each named prompt the side that changed it wins; where both did, the one with the better val score,
    and on ties a random one. The original merges whole prompts of a program, so it never applies to a single prompt;
    here parts of one prompt are merged as well, if more than its instruction changed. No proposal where the child would
    equal a parent.
    """

    name = "merge"
    needs = NEEDS_NOTHING
    calls = 0

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        if len(request.parents) < 2:
            return []
        first, second, *ancestors = request.parents
        roots = ancestors or request.ancestors
        if not roots:
            return []
        root = roots[-1].program
        better = _better_parent(request.scores, first.id, second.id, request.rng)
        program, parts = merge_programs(root, first.program, second.program, better=better)
        if program.id in {root.id, first.program.id, second.program.id}:
            return []
        return [Proposal(program=program, rationale=f"merged: {parts}", parents=(first.id, second.id))]


def merge_programs(root: Program, first: Program, second: Program, *, better: int) -> tuple[Program, str]:
    """The merged program and a description of its parts. `better` (0 or 1) wins what both sides changed."""
    prompts: dict[str, Prompt] = {}
    sources: list[str] = []
    for slot, old in root.prompts.items():
        sides = [side.prompts.get(slot, old) for side in (first, second)]
        parts: dict[str, Any] = {}
        for part in PARTS:
            before = getattr(old, part)
            changed = [number for number, side in enumerate(sides) if getattr(side, part) != before]
            if changed:
                source = changed[0] if len(changed) == 1 else better
                parts[part] = getattr(sides[source], part)
                where = part if len(root.prompts) == 1 else f"{slot}.{part}"
                sources.append(f"{where} from the {('first', 'second')[source]}")
        prompts[slot] = old.with_(**parts) if parts else old
    return Program(prompts=prompts, router=root.router), ", ".join(sources)


def _better_parent(scores: Mapping[str, float], first: str, second: str, rng: Random) -> int:
    first_score, second_score = scores.get(first, 0.0), scores.get(second, 0.0)
    return rng.randrange(2) if first_score == second_score else int(second_score > first_score)
