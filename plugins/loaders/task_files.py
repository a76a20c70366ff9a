"""Loads tasks with everything that the command line can read: files, and the sources of loader plugins."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ...core.task import Task
from ...runtime.tasks.loader import LoadedTask, load_task_with_schemas, named_plugins
from ...runtime.tasks.rows import RowReader
from ..system.consent import consent_error, has_consent
from ..system.registry import Registry
from ..system.task_access import access_of_file
from .files import dataset_reader


def load_task(
    path: str | Path, *, read: RowReader | None = None, registry: Registry | None = None, trust: bool = False
) -> Task:
    """Load a task.

    With the key `tasks`, the file joins several tasks. Without `[data]` the splits are empty, and a run generates the
    examples. Without outputs and without evaluators nothing is scored, and outputs can only be compared.

    Args:
        path: a task file, or a folder with a `task.toml`. Paths in the file are relative to it.
        read: reads the rows of a data source; the loaders of the registry if None.
        registry: the plugins whose loaders may be used; all installed ones if None.
        trust: agree to the code of the task's folder, and to the hosts that it names.

    Returns:
        The checked task.

    Raises:
        TaskError: for any mistake, with file and line.
        TrustError: the data need code of the folder that nobody at this account has agreed to.
    """
    return load_task_and_schemas(path, read=read, registry=registry, trust=trust).task


def load_task_and_schemas(
    path: str | Path, *, read: RowReader | None = None, registry: Registry | None = None, trust: bool = False
) -> LoadedTask:
    """As `load_task`, with the schema of every file and notes on the rows."""
    place = Path(path)
    if read is None:
        folder = place if place.is_dir() else place.parent
        registry = registry or Registry.load(folder=folder)
        plugins, access = named_plugins(place), access_of_file(place)
        if plugins and not trust and not has_consent(access):
            raise consent_error(access)
        registry.require(plugins, folder=folder)
        read = dataset_reader(registry, trusted=trust)
    loaded = load_task_with_schemas(place, read=read)
    return replace(loaded, task=loaded.task.model_copy(update={"trusted": True})) if trust else loaded
