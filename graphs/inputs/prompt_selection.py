"""Which prompt of several is worked on next: in turn, by credit (what edits of it have brought so far), or the shared
one alone."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence

from ...core.candidate import Archive
from ...core.identity import seeded_random
from ...core.program import Program
from ...core.recipe import SlotRule
from ...core.search_types import Search, WorkOrder
from .pipeline_steps import find_step, step_names

_GAIN_SCALE = 0.05
_PRIOR_CHILDREN = 3.0


def assign_prompts(
    orders: Sequence[WorkOrder], search: Search, by: SlotRule, learning: Collection[str] = ()
) -> list[WorkOrder]:
    """The orders, each with a slot where its first parent has several prompts and the order names none.

    In turn: another one each round, and for each order of a round, beginning with one that the seed chooses. By
    credit: so at first, then drawn with a chance that grows with the mean gain of the children in which that prompt
    was changed. Shared: the one that stands before all others, and by credit where there is none.
    learning: operators that learn from rows. Where they are shown no runs, and no run that ended right tells what an
    inner step should say, they work on the last step, whose outputs the references are.
    """
    chosen: list[WorkOrder] = []
    for place, order in enumerate(orders):
        names = search.archive[order.parents[0]].program.slots if order.parents else ()
        if order.slot or not names:
            chosen.append(order)
            continue
        shared = search.archive[order.parents[0]].program.shared
        if by == "shared" and shared:
            chosen.append(order.model_copy(update={"slot": shared}))
            continue
        turn = search.round - 1 + place
        if by == "in-turn" or search.round <= len(names):
            slot = names[(seeded_random(search.seed, "slots").randrange(len(names)) + turn) % len(names)]
        else:
            gains = prompt_credit(search.archive, names, search.val)
            weights = [math.exp(max(-2.0, min(2.0, gains[name] / _GAIN_SCALE))) for name in names]
            slot = seeded_random(search.seed, "slots", search.step, place).choices(names, weights)[0]
        if order.operator in learning and not order.cases and not search.archive[order.parents[0]].program.by_task:
            slot = _teachable_prompt(search, order.parents[0], slot)
        chosen.append(order.model_copy(update={"slot": slot}))
    return chosen


def _teachable_prompt(search: Search, parent: str, slot: str) -> str:
    """The slot, or the last step's where no row tells what the slot's should say."""
    known = search.archive.scores.row(parent, search.train)
    last = step_names(search.archive[parent].program, known)[-1]
    right = (one for one in known.values() if one.score >= 1)
    return slot if slot == last or any(find_step(one, slot) for one in right) else last


def prompt_credit(archive: Archive, slots: Iterable[str], val: Sequence[str]) -> dict[str, float]:
    """Slot → the mean gain over their first parents of the children that changed it alone, on rows both were measured
    on, shrunken towards none."""
    seen: dict[str, list[float]] = {slot: [] for slot in slots}
    for one in archive.candidates.values():
        if not one.parents or one.parents[0] not in archive:
            continue
        changed = changed_prompts(one.program, archive[one.parents[0]].program)
        gains = archive.scores.paired(one.id, one.parents[0], val)
        if gains and len(changed) == 1 and changed[0] in seen:
            seen[changed[0]].append(sum(gains) / len(gains))
    return {slot: sum(gains) / (len(gains) + _PRIOR_CHILDREN) for slot, gains in seen.items()}


def changed_prompts(child: Program, parent: Program) -> list[str]:
    return [name for name, prompt in child.prompts.items() if parent.prompts.get(name) != prompt]
