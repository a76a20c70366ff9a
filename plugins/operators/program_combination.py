"""Programs combined from several: lineages merged part by part, prompts assembled, slots and rules combined.

The merge is the system-aware merge of GEPA (arXiv 2507.19457), applied to parts of prompts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from ...core.program import Program
from ...core.prompt import Prompt
from ...core.protocols import ANY_KIND, NEEDS_NOTHING, Team
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
    kinds = ANY_KIND
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
        return [Proposal(program=program, rationale=f"assembled: {', '.join(sorted(sources))}")]


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
        return [Proposal(program=program, rationale=f"{demo_counts} of another with this wording", parents=parents)]


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
        return [Proposal(program=base.replace(united), rationale=f"additions of {len(others)} edits combined")]


def _combine_prompts(base: Prompt, others: Sequence[Prompt]) -> Prompt:
    principles = dict.fromkeys([*base.principles, *(principle for other in others for principle in other.principles)])
    sections = dict.fromkeys([*base.sections, *(section for other in others for section in other.sections)])
    return base.with_(principles=tuple(principles), sections=tuple(section.model_dump() for section in sections))
