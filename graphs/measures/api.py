"""`maieutic.measure`: measures from Python, for callers that await and for those that cannot."""

from __future__ import annotations

from pathlib import Path
from typing import TypedDict, Unpack

from ...core.dataset import Split
from ...core.recipe import PluginRef
from ...core.task import Task
from ...plugins.loaders.task_files import load_task
from ...plugins.system.registry import Registry
from ...runtime.store import MeasureRecord
from ..blocking import run_blocking
from .measured import MeasuredProgram, MeasureSettings, run_measures


class MeasureArguments(TypedDict, total=False):
    """`MeasureSettings` as keyword arguments."""

    split: Split | None
    calls: int
    seed: int
    concurrency: int
    folder: Path | str
    trust: bool


async def ameasure(
    *measures: PluginRef | str,
    task: Task | Path | str | None = None,
    run: str = "latest",
    candidate: str = "best",
    registry: Registry | None = None,
    **options: Unpack[MeasureArguments],
) -> list[MeasureRecord]:
    """Measure a prompt: how much of its score is format, wording, luck, order or single parts.

    Args:
        *measures: Names, such as `format-spread`, or `PluginRef`s with options.
        task: A task, or its file; its own prompt is measured.
        run: The run whose prompt is measured, where no task is given.
        candidate: Of the run: an id, `best` or `start`.
        registry: The plugins to choose from; all installed ones if None.
        **options: split, calls (the most for each measure), seed, concurrency, folder, trust.

    Returns:
        One record for each measure, in their order, with its figures and verdict in `reading`.

    Raises:
        UsageError: A name that does not exist, or a limit that pays for no example; nothing was spent.
        NeedsError: The task lacks what a measure needs; nothing was spent.
        ModelError: An unusable endpoint. Completed calls are in the cache.
    """
    settings = MeasureSettings(**options)
    if task is None:
        measured = MeasuredProgram.of_run(settings.folder, run, candidate)
    else:
        loaded = task if isinstance(task, Task) else load_task(task)
        measured = MeasuredProgram(task=loaded, program=loaded.program)
    return await run_measures(measured, measures, settings, registry=registry)


def measure(
    *measures: PluginRef | str,
    task: Task | Path | str | None = None,
    run: str = "latest",
    candidate: str = "best",
    registry: Registry | None = None,
    **options: Unpack[MeasureArguments],
) -> list[MeasureRecord]:
    """Measure a prompt. For callers that cannot await; arguments, result and errors are those of `ameasure`."""
    return run_blocking(ameasure(*measures, task=task, run=run, candidate=candidate, registry=registry, **options))
