"""Several tasks as one: a system prompt that all share, a user prompt for each, and rows that know whose they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .answer import AnswerContract
from .dataset import Dataset, Example, Split
from .errors import TaskError
from .identity import content_id
from .program import Program
from .prompt import Prompt
from .routing import Router
from .task import TASK_FIELD, EvaluatorSpec, Subtask, Task

SHARED_PROMPT = "system"
DEFAULT_SYSTEM_PROMPT = "You are a helpful assistant."


def join_tasks(
    tasks: Sequence[Task], *, name: str, system: Prompt | str = DEFAULT_SYSTEM_PROMPT, **fields: Any
) -> Task:
    """One task of all these: its score is the mean over them, since val and test take as many rows of each.

    Of a task with more rows than the smallest, those with the lowest hashes are taken; train takes all. Each must have
    one prompt and be run by `chat`. system: the prompt that all share. fields: of Task, such as models. Raises
    TaskError for fewer than two tasks, two of one name, and tasks that cannot stand beside others.
    """
    names = [task.name for task in tasks]
    if len(tasks) < 2 or len(set(names)) < len(names) or SHARED_PROMPT in names:
        raise TaskError(
            "several tasks are two or more, each with a name of its own",
            where=f"{name}: tasks",
            possible=names,
            remedy=f"give them different names, none of them {SHARED_PROMPT!r}",
        )
    for task in tasks:
        if len(task.program.prompts) > 1 or task.target.use != "chat" or not task.evaluators:
            raise TaskError(
                f"the task {task.name!r} cannot stand beside others: it needs one prompt, one call, and a score",
                where=task.where("[target]"),
                remedy="optimize it on its own",
            )
    shared = Prompt(instruction=system) if isinstance(system, str) else system
    prompts = {SHARED_PROMPT: shared, **{task.name: task.program.main for task in tasks}}
    own = {
        task.name: Subtask(description=task.description, answer=task.answer, evaluators=task.evaluators)
        for task in tasks
    }
    told = "; ".join(f"{task.name}: {task.description}" if task.description else task.name for task in tasks)
    return Task(
        name=name,
        program=Program(prompts=prompts, router=Router(kind="field", field=TASK_FIELD, shared=SHARED_PROMPT)),
        data=_merge_datasets(tasks),
        evaluators=_deduplicate(spec for task in tasks for spec in task.evaluators),
        answer=AnswerContract(),
        subtasks=own,
        **{"description": f"{len(tasks)} tasks. {told}", **fields},
    )


def _merge_datasets(tasks: Sequence[Task]) -> Dataset:
    train = {task.name: list(task.data.train) for task in tasks}
    return Dataset(
        train=_interleave(train),
        val=_interleave(_equal_counts(tasks, "val")),
        test=_interleave(_equal_counts(tasks, "test")),
    )


def _equal_counts(tasks: Sequence[Task], split: Split) -> dict[str, list[Example]]:
    """As many rows of each, in their order."""
    least = min(len(task.data[split]) for task in tasks)
    return {task.name: _lowest_hashes(task.data[split], least) for task in tasks}


def _lowest_hashes(rows: Sequence[Example], count: int) -> list[Example]:
    chosen = {row.id for row in sorted(rows, key=lambda row: content_id("o", row.id))[:count]}
    return [row for row in rows if row.id in chosen]


def _interleave(rows: Mapping[str, Sequence[Example]]) -> tuple[Example, ...]:
    """One row of each task after the other, so that any beginning is balanced; ids carry the task's name."""
    longest = max(map(len, rows.values()))
    turns = [(name, own[at]) for at in range(longest) for name, own in rows.items() if at < len(own)]
    return tuple(
        row.model_copy(update={"id": f"{name}/{row.id}", "metadata": {**row.metadata, TASK_FIELD: name}})
        for name, row in turns
    )


def _deduplicate(specs: Any) -> tuple[EvaluatorSpec, ...]:
    kept: list[EvaluatorSpec] = []
    for spec in specs:
        if spec not in kept:
            kept.append(spec)
    return tuple(kept)
