"""Which prompt of several is worked on next: in turn, by credit (the gains its edits have had), or the shared one."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence

from ...core.candidate import Archive
from ...core.identity import seeded_random
from ...core.program import Program
from ...core.prompt import TextKind
from ...core.protocols import PROSE_ONLY
from ...core.recipe import SlotRule
from ...core.search_types import Search, WorkOrder
from .pipeline_steps import find_step, step_names

# A mean gain of five points makes a prompt e times as likely: enough to matter, little enough to try the others.
_GAIN_SCALE = 0.05
# At most e² times as likely or unlikely, whatever the gains were.
_MAX_LOG_WEIGHT = 2.0
# A gain is shrunk as if three more children had gained nothing.
_PRIOR_CHILDREN = 3.0


def assign_prompts(
    orders: Sequence[WorkOrder],
    search: Search,
    rule: SlotRule,
    learning: Collection[str] = (),
    kinds: Mapping[str, frozenset[TextKind]] | None = None,
) -> list[WorkOrder]:
    """The orders, each with a prompt to work on where its first parent has several and the order names none.

    In turn: another prompt each round and for each order of a round, starting with one that the seed chooses. By
    credit: the same at first, then drawn with a chance that grows with the mean gain of the children in which that
    prompt changed. Shared: the one before all others, and by credit where there is none.
    learning: operators that learn from examples. Without runs to show, and without a right run that tells what an inner
    step should say, they work on the last step, whose references are the task's.
    """
    assigned: list[WorkOrder] = []
    for index, order in enumerate(orders):
        program = search.archive[order.parents[0]].program if order.parents else None
        if program is None or order.slot or not program.slots:
            assigned.append(order)
            continue
        if rule == "shared" and program.shared:
            slot = program.shared
        else:
            fitting = [
                name
                for name in program.slots
                if kinds is None or program.prompts[name].kind in kinds.get(order.operator, PROSE_ONLY)
            ]
            slot = _choose_prompt(fitting or program.slots, search, rule, index)
            if order.operator in learning and not order.cases and not program.by_task:
                slot = _teachable_prompt(search, order.parents[0], slot)
        assigned.append(order.model_copy(update={"slot": slot}))
    return assigned


def _choose_prompt(names: Sequence[str], search: Search, rule: SlotRule, index: int) -> str:
    """index: of the order in its round."""
    if rule == "in-turn" or search.round <= len(names):
        first = seeded_random(search.seed, "slots").randrange(len(names))
        return names[(first + search.round - 1 + index) % len(names)]
    gains = prompt_credit(search.archive, names, search.val)
    weights = [math.exp(max(-_MAX_LOG_WEIGHT, min(_MAX_LOG_WEIGHT, gains[name] / _GAIN_SCALE))) for name in names]
    return seeded_random(search.seed, "slots", search.step, index).choices(names, weights)[0]


def _teachable_prompt(search: Search, parent: str, slot: str) -> str:
    """The prompt, or the last step's where no run tells what the prompt's step should say."""
    evaluations = search.archive.scores.row(parent, search.train)
    last = step_names(search.archive[parent].program, evaluations)[-1]
    right = (evaluation for evaluation in evaluations.values() if evaluation.score >= 1)
    return slot if slot == last or any(find_step(evaluation, slot) for evaluation in right) else last


def prompt_credit(archive: Archive, slots: Iterable[str], val: Sequence[str]) -> dict[str, float]:
    """Prompt name → mean gain over their first parents of the children that changed it alone, on examples both were
    measured on, shrunk towards 0."""
    gains_by_slot: dict[str, list[float]] = {slot: [] for slot in slots}
    for child in archive.candidates.values():
        if not child.parents or child.parents[0] not in archive:
            continue
        changed = changed_prompts(child.program, archive[child.parents[0]].program)
        gains = archive.scores.paired(child.id, child.parents[0], val)
        if gains and len(changed) == 1 and changed[0] in gains_by_slot:
            gains_by_slot[changed[0]].append(sum(gains) / len(gains))
    return {slot: sum(gains) / (len(gains) + _PRIOR_CHILDREN) for slot, gains in gains_by_slot.items()}


def changed_prompts(child: Program, parent: Program) -> list[str]:
    return [name for name, prompt in child.prompts.items() if parent.prompts.get(name) != prompt]
