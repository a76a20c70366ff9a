"""What people changed of a run's parts: rows, models, weights. The setup at any step is the first one and what was
applied until then, so that a resumed run has the parts that it had."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from ..core.dataset import Dataset, Example
from ..core.directives import AddExample, Annotate, ChangeRole, ChangeWeight, Directive
from ..core.events import Event
from ..core.recipe import Recipe
from ..core.task import Task
from .run_config import RunConfig


def effective_directives(
    told: Iterable[tuple[int, Directive]], events: Sequence[Event], *, until: int
) -> list[Directive]:
    """The directives up to a number that the log does not refuse."""
    refused = {event.data.get("number") for event in events if event.kind == "directive_refused"}
    return [one for number, one in told if number <= until and number not in refused]


def applied_directives(told: Iterable[tuple[int, Directive]], events: Sequence[Event]) -> list[Directive]:
    """The directives that the log says were applied, whatever the run does now."""
    taken = {event.data.get("number") for event in events if event.kind == "directive_applied"}
    return [one for number, one in told if number in taken]


def apply_changes(setup: RunConfig, told: Iterable[Directive]) -> RunConfig:
    """Its labels and target stay: what was measured with them has to stay comparable."""
    task, recipe = setup.task, setup.recipe
    for one in told:
        task, recipe = changed_task(task, one), _changed_recipe(recipe, one)
    return replace(setup, task=task, recipe=recipe)


def changed_task(task: Task, one: Directive) -> Task:
    match one:
        case Annotate():
            changed = {
                split: tuple(
                    with_reference(row, one.output) if row.id == one.example else row for row in task.data[split]
                )
                for split in ("train", "val")
            }
            return task.model_copy(update={"data": task.data.model_copy(update=changed)})
        case AddExample():
            row = added_example(task, one)
            if row.id in task.data.without_test.by_id():
                return task
            rows = {split: task.data[split] for split in ("train", "val", "test", "target")}
            rows[one.split] = (*rows[one.split], row)
            return task.model_copy(update={"data": Dataset(**rows)})
        case ChangeRole():
            roles = {**task.models.roles, one.role: one.model}
            return task.model_copy(update={"models": task.models.model_copy(update={"roles": roles})})
    return task


def with_reference(row: Example, output: str) -> Example:
    """The row under its own id: what is known of it is known of the row, whatever output it wants."""
    return row.model_copy(update={"outputs": (output,)})


def added_example(task: Task, one: AddExample) -> Example:
    return Example(input=one.input, outputs=(task.answer.normalize_reference(one.output),), metadata={"by": "person"})


def _changed_recipe(recipe: Recipe, one: Directive) -> Recipe:
    if not isinstance(one, ChangeWeight):
        return recipe
    uses = tuple(
        use.model_copy(update={"weight": one.weight}) if use.use == one.name else use for use in recipe.operators
    )
    return recipe.model_copy(update={"operators": uses})
