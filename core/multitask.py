"""Several tasks as one: a system prompt for all, a user prompt for each, and examples that name their task."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
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
    """Join tasks into one, whose score is the mean over them: val and test have equally many examples of each.

    Of a task with more examples than the smallest, those with the lowest hashes are taken; train takes all.

    Args:
        tasks: Two or more, each with one prompt and the target `chat`.
        name: The name of the joint task.
        system: The prompt that all share.
        fields: Other fields of `Task`, such as `models`.

    Raises:
        TaskError: Fewer than two tasks, two of one name, or a task that cannot be joined.
    """
    names = [task.name for task in tasks]
    if len(tasks) < 2 or len(set(names)) < len(names) or SHARED_PROMPT in names:
        raise TaskError(
            "a multi-task run needs two or more tasks with different names",
            where=f"{name}: tasks",
            possible=names,
            remedy=f"give them different names, none of them {SHARED_PROMPT!r}",
        )
    for task in tasks:
        if len(task.program.prompts) > 1 or task.target.use != "chat" or not task.evaluators:
            raise TaskError(
                f"the task {task.name!r} cannot be joined: it needs one prompt, the target chat, and an evaluator",
                where=task.where("[target]"),
                remedy="optimize it on its own",
            )
    shared = Prompt(instruction=system) if isinstance(system, str) else system
    prompts = {SHARED_PROMPT: shared, **{task.name: task.program.main for task in tasks}}
    subtasks = {
        task.name: Subtask(description=task.description, answer=task.answer, evaluators=task.evaluators)
        for task in tasks
    }
    descriptions = "; ".join(f"{task.name}: {task.description}" if task.description else task.name for task in tasks)
    return Task(
        name=name,
        program=Program(prompts=prompts, router=Router(kind="field", field=TASK_FIELD, shared=SHARED_PROMPT)),
        data=_merge_datasets(tasks),
        evaluators=_deduplicate(spec for task in tasks for spec in task.evaluators),
        answer=AnswerContract(),
        subtasks=subtasks,
        **{"description": f"{len(tasks)} tasks. {descriptions}", **fields},
    )


def _merge_datasets(tasks: Sequence[Task]) -> Dataset:
    train = {task.name: list(task.data.train) for task in tasks}
    return Dataset(
        train=_interleave(train),
        val=_interleave(_equal_counts(tasks, "val")),
        test=_interleave(_equal_counts(tasks, "test")),
    )


def _equal_counts(tasks: Sequence[Task], split: Split) -> dict[str, list[Example]]:
    """As many examples of each task as the smallest has, in their order."""
    count = min(len(task.data[split]) for task in tasks)
    return {task.name: _lowest_hashes(task.data[split], count) for task in tasks}


def _lowest_hashes(examples: Sequence[Example], count: int) -> list[Example]:
    chosen = {example.id for example in sorted(examples, key=lambda example: content_id("o", example.id))[:count]}
    return [example for example in examples if example.id in chosen]


def _interleave(examples: Mapping[str, Sequence[Example]]) -> tuple[Example, ...]:
    """One example of each task after the other, so that any beginning is balanced. Ids get the task's name."""
    longest = max(map(len, examples.values()))
    turns = [(name, group[index]) for index in range(longest) for name, group in examples.items() if index < len(group)]
    return tuple(
        example.model_copy(
            update={"id": f"{name}/{example.id}", "metadata": {**example.metadata, TASK_FIELD: name}},
        )
        for name, example in turns
    )


def _deduplicate(specs: Iterable[EvaluatorSpec]) -> tuple[EvaluatorSpec, ...]:
    # A spec holds a mapping and cannot be hashed.
    unique: list[EvaluatorSpec] = []
    for spec in specs:
        if spec not in unique:
            unique.append(spec)
    return tuple(unique)
