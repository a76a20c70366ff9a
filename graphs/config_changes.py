"""Changes of a run's config while it runs: by directives, and by examples that the run generated.

The config at any step is the initial one plus the changes up to that step, so a resumed run has the same parts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from ..core.dataset import SPLITS, Dataset, Example, Split
from ..core.directives import AddExample, Annotate, ChangeRole, ChangeWeight, Directive
from ..core.events import Event
from ..core.recipe import Recipe
from ..core.stats.labels import infer_labels
from ..core.task import Task
from .run_config import RunConfig


@dataclass(frozen=True, kw_only=True)
class GeneratedRow:
    """An example that joined, or received its label, at a step."""

    step: int
    split: Split
    row: Example


def read_generated_rows(events: Sequence[Event]) -> list[GeneratedRow]:
    """The generated examples that the log records, in its order, each as it was when it joined."""
    rows: list[GeneratedRow] = []
    for event in events:
        if event.kind == "rows_added":
            rows += [
                GeneratedRow(step=event.step, split=item["split"], row=Example.model_validate(item["row"]))
                for item in event.data["rows"]
            ]
    return rows


def with_generated_rows(config: RunConfig, generated: Sequence[GeneratedRow]) -> RunConfig:
    """The config with more examples. One whose id is known is replaced, and moves to the named split."""
    if not generated:
        return config
    task = config.task
    rows = {split: {row.id: row for row in task.data[split]} for split in SPLITS}
    for new in generated:
        for split in SPLITS:
            if split != new.split:
                rows[split].pop(new.row.id, None)
        rows[new.split][new.row.id] = new.row
    data = Dataset(**{split: tuple(by_id.values()) for split, by_id in rows.items()})
    labels = config.labels or infer_labels(task.answer, [*data.train, *data.val])
    return replace(config, task=task.model_copy(update={"data": data}), labels=labels)


def effective_directives(
    directives: Iterable[tuple[int, Directive]], events: Sequence[Event], *, until: int
) -> list[Directive]:
    """The directives up to number `until` that the log does not record as refused."""
    refused = {event.data.get("number") for event in events if event.kind == "directive_refused"}
    return [directive for number, directive in directives if number <= until and number not in refused]


def applied_directives(directives: Iterable[tuple[int, Directive]], events: Sequence[Event]) -> list[Directive]:
    """The directives that the log records as applied."""
    applied = {event.data.get("number") for event in events if event.kind == "directive_applied"}
    return [directive for number, directive in directives if number in applied]


def apply_changes(config: RunConfig, directives: Iterable[Directive]) -> RunConfig:
    """The config with the directives' changes. Labels and target stay, so that scores remain comparable."""
    task, recipe = config.task, config.recipe
    for directive in directives:
        task, recipe = changed_task(task, directive), _changed_recipe(recipe, directive)
    return replace(config, task=task, recipe=recipe)


def changed_task(task: Task, directive: Directive) -> Task:
    match directive:
        case Annotate(example=example_id, output=output):
            changed = {
                split: tuple(with_reference(row, output) if row.id == example_id else row for row in task.data[split])
                for split in ("train", "val")
            }
            return task.model_copy(update={"data": task.data.model_copy(update=changed)})
        case AddExample():
            row = added_example(task, directive)
            if row.id in task.data.without_test.by_id():
                return task
            rows = {split: task.data[split] for split in SPLITS}
            rows[directive.split] = (*rows[directive.split], row)
            return task.model_copy(update={"data": Dataset(**rows)})
        case ChangeRole():
            roles = {**task.models.roles, directive.role: directive.model}
            return task.model_copy(update={"models": task.models.model_copy(update={"roles": roles})})
    return task


def with_reference(row: Example, output: str) -> Example:
    """The example with another reference output. It keeps its id, and with it what was measured on it."""
    return row.model_copy(update={"outputs": (output,)})


def added_example(task: Task, directive: AddExample) -> Example:
    outputs = (task.answer.normalize_reference(directive.output),)
    return Example(input=directive.input, outputs=outputs, metadata={"by": "person"})


def _changed_recipe(recipe: Recipe, directive: Directive) -> Recipe:
    if not isinstance(directive, ChangeWeight):
        return recipe
    uses = tuple(
        use.model_copy(update={"weight": directive.weight}) if use.use == directive.name else use
        for use in recipe.operators
    )
    return recipe.model_copy(update={"operators": uses})
