"""What can only be checked of a task when the plugins are known."""

from __future__ import annotations

from pathlib import Path

from ..core.dataset import Split
from ..core.errors import TaskError, UsageError
from ..core.task import Task
from .system.registry import Registry

_SCORED: tuple[Split, ...] = ("train", "val", "test")


def check_names(task: Task, registry: Registry) -> None:
    """Load the plugins that the task names, and make each of its evaluators once.

    Raises TaskError for an unknown name, a wrong option, or rows without the references that an evaluator needs;
    PluginError for a plugin that cannot be used. Nothing is spent.
    """
    folder = Path(task.source).parent if task.source else None
    try:
        registry.require(task.plugins, folder=folder)
    except UsageError as error:
        raise _at(task, "plugins", error) from error
    for number, spec in enumerate(task.evaluators, 1):
        place = f"[[evaluators]] {number} use = {spec.use!r}"
        try:
            evaluator = registry.create("evaluator", spec.use, **spec.options)
        except UsageError as error:
            raise _at(task, place, error) from error
        if "references" in evaluator.needs:
            _check_references(task, spec.use)


def _check_references(task: Task, evaluator: str) -> None:
    for split in _SCORED:
        for row, example in enumerate(task.data[split], 1):
            if not example.outputs:
                raise TaskError(
                    f"the evaluator {evaluator!r} needs a reference in each row",
                    where=task.where(f"[data] {split} row {row}"),
                    remedy="give the row an output, or use an evaluator that needs none",
                )


def _at(task: Task, place: str, error: UsageError) -> TaskError:
    where = task.where(place) + (f" ({error.where})" if error.where else "")
    return TaskError(error.what, where=where, possible=error.possible, remedy=error.remedy)
