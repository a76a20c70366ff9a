"""One task of several in a run: which rows belong to a prompt of the program, and what its author is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...core.candidate import Archive, Candidate
from ...core.dataset import Example
from ...core.program import Program
from ...core.render import with_shared_prompt
from ...core.score import Evaluation
from ...core.search_types import TaskBrief
from ...core.task import TASK_FIELD, Subtask


def examples_of_prompt(program: Program, slot: str, rows: Sequence[Example]) -> list[Example]:
    """The rows that a prompt answers: its own task's, and all for the shared one."""
    if not program.by_task or slot == program.shared or slot not in program.prompts:
        return list(rows)
    return [row for row in rows if slot in program.prompts_for(row)]


def reuse_parent_evaluation(archive: Archive, candidate: Candidate, row: Example) -> Evaluation | None:
    """What a parent gave on a row of a task whose prompts the candidate did not change: it would be asked the same.
    None for programs of one task."""
    program = candidate.program
    if not program.by_task:
        return None
    (name,) = program.prompts_for(row)
    for parent in candidate.parents:
        known = archive.scores.get(parent, row.id)
        before = archive[parent].program if parent in archive else None
        if known is None or before is None or not before.by_task:
            continue
        if with_shared_prompt(before, name) == with_shared_prompt(program, name):
            return known.model_copy(update={"candidate": candidate.id})
    return None


def stratified(rows: Sequence[Example], count: int) -> list[str]:
    """Ids of `count` rows: of each task in turn, in the order given."""
    turns: dict[str, int] = {}
    placed: list[tuple[int, int, str]] = []
    for row in rows:
        name = str(row.metadata.get(TASK_FIELD, ""))
        turns[name] = turns.get(name, -1) + 1
        placed.append((turns[name], len(placed), row.id))
    return [row for _, _, row in sorted(placed)[:count]]


def prompt_task_brief(task: TaskBrief, program: Program, slot: str, subtasks: Mapping[str, Subtask]) -> TaskBrief:
    """The task as the author of one prompt is told it. Whoever writes the shared one must not write for one task."""
    own = subtasks.get(slot)
    if own is not None:
        told = own.description or program.prompts[slot].instruction
        return task.model_copy(update={"name": slot, "description": told, "answer": own.answer})
    if slot == program.shared:
        told = (
            f"{task.description} This prompt is the system prompt that stands before the prompt of every task: "
            "it says how to work and answer in general, and names none of the tasks."
        )
        return task.model_copy(update={"description": told})
    return task
