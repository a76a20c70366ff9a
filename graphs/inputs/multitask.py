"""Runs over several tasks: the examples and the task description for one prompt of the program."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...core.dataset import Example
from ...core.program import Program
from ...core.search_types import TaskBrief
from ...core.task import TASK_FIELD, Subtask


def examples_of_prompt(program: Program, slot: str, rows: Sequence[Example]) -> list[Example]:
    """The examples that a prompt answers: its own task's, and all for the shared prompt."""
    if not program.by_task or slot == program.shared or slot not in program.prompts:
        return list(rows)
    return [row for row in rows if slot in program.prompts_for(row)]


def stratified(rows: Sequence[Example], count: int) -> list[str]:
    """Ids of `count` examples: of each task in turn, in the order given."""
    turns: dict[str, int] = {}
    positions: list[tuple[int, int, str]] = []
    for row in rows:
        name = str(row.metadata.get(TASK_FIELD, ""))
        turns[name] = turns.get(name, -1) + 1
        positions.append((turns[name], len(positions), row.id))
    return [row_id for _, _, row_id in sorted(positions)[:count]]


def prompt_task_brief(task: TaskBrief, program: Program, slot: str, subtasks: Mapping[str, Subtask]) -> TaskBrief:
    """The task as the optimizer reads it for one prompt. The shared prompt must not be written for one task alone."""
    own = subtasks.get(slot)
    if own is not None:
        description = own.description or program.prompts[slot].instruction
        return task.model_copy(update={"name": slot, "description": description, "answer": own.answer, "labels": ()})
    if slot == program.shared:
        description = (
            f"{task.description} This prompt is the system prompt that stands before the prompt of every task: "
            "it says how to work and answer in general, and names none of the tasks."
        )
        return task.model_copy(update={"description": description})
    return task
