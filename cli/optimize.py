"""`maieutic demo`, `optimize` and `resume`: commands that run a search."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..core.errors import UsageError
from .consent import require_file_consent, require_task_consent
from .lookup import open_store, read_task
from .option_groups import expand_groups
from .options import (
    DISPLAY_PANEL,
    RUN_PANEL,
    BudgetOptions,
    Detach,
    DisplayOptions,
    MethodOptions,
    ModelOptions,
    NewRun,
    NoPlugins,
    RunName,
    SearchOptions,
    Seed,
    TaskFile,
    Trust,
)
from .printer import echo

if TYPE_CHECKING:
    from ..runtime.store import Store

# Enough for the demo's gain to be clear, and minutes on two cores.
_DEMO_CALLS = 400


@expand_groups
def demo(display: DisplayOptions, seed: Seed = None) -> None:
    """Optimize a shipped task with the embedded model. Needs no key."""
    from ..core.budget import Budget
    from ..graphs.api import start_run
    from ..graphs.run_options import RunOptions
    from ..runtime.tasks.loader import load_task
    from .foreground import run_foreground

    task = load_task(_example_folder("reviews"))
    options = RunOptions(budget=Budget(calls=_DEMO_CALLS), seed=seed or 0, folder=display.folder)
    if not display.as_json:
        echo(
            f"{task.description} The embedded model answers and improves its own prompt within {_DEMO_CALLS} calls; "
            f"{len(task.data.test)} held-out examples measure the gain."
        )
    run_foreground(lambda progress: start_run(task, options, listen=progress), display)


@expand_groups
def optimize(
    context: typer.Context,
    task: TaskFile,
    method: MethodOptions,
    models: ModelOptions,
    budget: BudgetOptions,
    search: SearchOptions,
    display: DisplayOptions,
    detach: Detach = False,
    tui: Annotated[
        bool,
        typer.Option(
            "--tui", help="open the terminal UI; the run continues after you quit", rich_help_panel=DISPLAY_PANEL
        ),
    ] = False,
    no_plugins: NoPlugins = False,
    trust: Trust = False,
    run: NewRun = None,
) -> None:
    """Optimize a task's prompt within a budget and report the gain."""
    from ..graphs.run_options import DEFAULT_BUDGET, RunOptions

    limits = budget.budget()
    if limits is None:
        echo(f"no budget given, using --calls {DEFAULT_BUDGET.calls}", err=True)
    if detach or tui:
        if tui and not detach:
            from .watch import require_terminal

            require_terminal()  # a run that nobody can watch must not start
        from .detach import with_options

        agreed = require_file_consent(task, trust=trust, no_plugins=no_plugins, replaced=models.replaced_roles)
        arguments = with_options(context.obj or [], ["--trust"] if agreed and not trust else [])
        _optimize_detached(arguments, display, detach=detach, run=run)
        return
    from ..graphs.api import check_run_id, start_run
    from .foreground import run_foreground

    if run is not None:
        check_run_id(run)
    loaded, registry = read_task(task, no_plugins=no_plugins, trust=trust, replaced=models.replaced_roles)
    task_with_models = models.apply(loaded)
    options = search.apply(method.apply(RunOptions(budget=limits, folder=display.folder)))
    run_foreground(
        lambda progress: start_run(task_with_models, options, registry=registry, run=run, listen=progress), display
    )


@expand_groups
def resume(
    budget: BudgetOptions,
    display: DisplayOptions,
    run: RunName = "latest",
    concurrency: Annotated[
        int | None,
        typer.Option(min=1, help="max concurrent model calls; default: the run's", rich_help_panel=RUN_PANEL),
    ] = None,
    trust: Trust = False,
) -> None:
    """Resume a stopped, interrupted or paused run. Completed calls are reused."""
    from ..core.task import Task
    from ..graphs.api import aresume
    from ..runtime.monitor.process import is_run_alive
    from .foreground import print_finished, run_foreground, view_from_log

    limits, folder = budget.budget(), display.folder
    with open_store(folder, read_only=False) as store:
        record = store.run(run)
        if record.state == "finished":
            if limits is not None:
                hint = f"maieutic fork {record.id} best continues from its prompt"
                echo(f"run {record.id} is finished and takes no new budget; {hint}", err=True)
            print_finished(store, record, folder, as_json=display.as_json)
            return
        alive = is_run_alive(record)
        if not alive:
            require_task_consent(Task.model_validate_json(record.task_json), trust=trust)
        was_paused = _cancel_pause(store, record.id)
        if was_paused:
            echo(f"run {record.id} was paused: the pause is lifted", err=True)
        view = view_from_log(store, record, limits)
    if alive and was_paused:
        echo(f"it continues in process {record.pid}; see maieutic watch {record.id}", err=True)
        return
    if alive:
        raise UsageError(
            f"run {record.id} is still running, in process {record.pid}",
            where=str(folder),
            remedy=f"wait for it, or stop it first: maieutic stop {record.id}",
        )
    run_foreground(
        lambda progress: aresume(
            record.id, folder=folder, concurrency=concurrency, budget=limits, listen=progress, trust=True
        ),
        display,
        view=view,
    )


def _optimize_detached(arguments: list[str], display: DisplayOptions, *, detach: bool, run: str | None) -> None:
    """In the background, with the terminal UI unless --detach is given too."""
    from .detach import spawn_detached, start_detached

    if detach:
        start_detached(arguments, folder=display.folder, as_json=display.as_json, run=run)
        return
    from .watch import run_tui

    name, _, _ = spawn_detached(arguments, folder=display.folder, run=run)
    run_tui(display.folder, name)


def _cancel_pause(store: Store, run: str) -> bool:
    """Lift a pause that no later directive has ended. Returns whether there was one."""
    import asyncio

    from ..core.directives import Pause, Resume, Stop

    directives = [directive for _, directive in store.directives(run) if isinstance(directive, Pause | Resume | Stop)]
    if not directives or not isinstance(directives[-1], Pause):
        return False
    asyncio.run(store.add_directive(run, Resume()))
    return True


def _example_folder(task: str) -> Path:
    """The folder of a task that ships with the package."""
    from importlib import resources

    return Path(str(resources.files(f"{__package__.rpartition('.')[0]}.examples.{task}")))
