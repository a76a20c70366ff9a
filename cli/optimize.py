"""Commands that run: demo, optimize, resume."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..core.errors import UsageError
from .options import (
    DEFAULT_FOLDER,
    AsJson,
    Concurrency,
    Folder,
    NoPlugins,
    RunName,
    TaskFile,
    load_registry,
    override_models,
    parse_budget,
    parse_key_values,
)

if TYPE_CHECKING:
    from ..runtime.store import Store

_DEMO_CALLS = 400
_MODELS, _BUDGET, _DISPLAY = "Models", "Budget (any of these)", "Screen"

Recipe = Annotated[str, typer.Option(help="the method; see maieutic recipes")]
Target = Annotated[str | None, typer.Option(metavar="MODEL", help="answers the rows", rich_help_panel=_MODELS)]
Optimizer = Annotated[str | None, typer.Option(metavar="MODEL", help="writes prompts", rich_help_panel=_MODELS)]
Roles = Annotated[
    list[str] | None, typer.Option("--role", metavar="ROLE=MODEL", help="one role alone", rich_help_panel=_MODELS)
]
Calls = Annotated[int | None, typer.Option(help="all calls, the sealed test included", rich_help_panel=_BUDGET)]
TargetCalls = Annotated[int | None, typer.Option(help="calls of the target while it searches", rich_help_panel=_BUDGET)]
Tokens = Annotated[int | None, typer.Option(help="prompt and completion", rich_help_panel=_BUDGET)]
Usd = Annotated[float | None, typer.Option(help="money", rich_help_panel=_BUDGET)]
Minutes = Annotated[float | None, typer.Option(help="wall clock", rich_help_panel=_BUDGET)]
Seed = Annotated[int, typer.Option(help="the same seed gives the same search", rich_help_panel="Run")]
Plain = Annotated[bool, typer.Option("--plain", help="lines instead of a live panel", rich_help_panel=_DISPLAY)]


def demo(seed: Seed = 0, plain: Plain = False, as_json: AsJson = False, folder: Folder = DEFAULT_FOLDER) -> None:
    """The embedded model improves a shipped task in minutes, live; no key needed."""
    from ..core.budget import Budget
    from ..graphs.api import aoptimize
    from ..runtime.tasks.loader import load_task
    from .foreground import run_foreground

    task = load_task(_example_folder("reviews"))
    budget = Budget(calls=_DEMO_CALLS)
    if not as_json:
        typer.echo(
            f"{task.description} The embedded model answers and improves its own prompt "
            f"within {_DEMO_CALLS} calls, {len(task.data.test)} sealed rows decide."
        )
    run_foreground(
        lambda watch: aoptimize(task, budget=budget, seed=seed, folder=folder, listen=watch),
        folder=folder,
        plain=plain,
        as_json=as_json,
    )


def optimize(
    context: typer.Context,
    task: TaskFile,
    recipe: Recipe = "auto",
    target: Target = None,
    optimizer: Optimizer = None,
    role: Roles = None,
    calls: Calls = None,
    target_calls: TargetCalls = None,
    tokens: Tokens = None,
    usd: Usd = None,
    minutes: Minutes = None,
    seed: Seed = 0,
    concurrency: Concurrency = 4,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="change the recipe", rich_help_panel="Run"),
    ] = None,
    approve: Annotated[
        bool, typer.Option("--approve", help="wait for steer RUN approve before each round", rich_help_panel="Run")
    ] = False,
    executor: Annotated[str, typer.Option(help="where measurements are run", rich_help_panel="Run")] = "local",
    observe: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="who else hears it: mlflow", rich_help_panel="Run")
    ] = None,
    plain: Plain = False,
    as_json: AsJson = False,
    detach: Annotated[
        bool, typer.Option("--detach", help="run in the background, print the run's id", rich_help_panel=_DISPLAY)
    ] = False,
    tui: Annotated[
        bool, typer.Option("--tui", help="watch and steer it; leaving lets it go on", rich_help_panel=_DISPLAY)
    ] = False,
    folder: Folder = DEFAULT_FOLDER,
    no_plugins: NoPlugins = False,
    run: Annotated[str | None, typer.Option(help="the new run's id", rich_help_panel="Where")] = None,
) -> None:
    """Improve the task's prompt inside the budget, and report what the sealed rows say of it."""
    from ..graphs.api import check_run_id, start_run
    from ..graphs.run_config import RunConfig
    from ..graphs.run_options import DEFAULT_BUDGET, RunOptions
    from .foreground import read_task, run_foreground

    if run is not None:
        check_run_id(run)
    budget = parse_budget(calls, target_calls, tokens, usd, minutes)
    changes = parse_key_values(settings or [], "--set")
    made = override_models(
        read_task(task, no_plugins=no_plugins), target, optimizer, parse_key_values(role or [], "--role")
    )
    registry = load_registry(made, no_plugins=no_plugins)
    if budget is None:
        budget = DEFAULT_BUDGET
        typer.echo(f"no budget was given: --calls {budget.calls}", err=True)
    options = RunOptions(
        recipe=recipe,
        budget=budget,
        seed=seed,
        concurrency=concurrency,
        folder=folder,
        settings=changes,
        approve=approve,
        executor=executor,
        observers=tuple(observe or ()),
    )
    if detach or tui:
        from .detach import spawn_detached, start_detached

        RunConfig.resolve(made, options, registry)
        words = list(context.obj or [])
        if tui and not detach:
            from .watch import run_tui

            run_tui(folder, spawn_detached(words, folder=folder, run=run)[0])
            return
        start_detached(words, folder=folder, as_json=as_json, run=run)
        return
    run_foreground(
        lambda watch: start_run(made, options, listen=watch, registry=registry, run=run),
        folder=folder,
        plain=plain,
        as_json=as_json,
    )


def resume(
    run: RunName = "latest",
    calls: Calls = None,
    target_calls: TargetCalls = None,
    tokens: Tokens = None,
    usd: Usd = None,
    minutes: Minutes = None,
    concurrency: Annotated[int | None, typer.Option(min=1, help="calls at a time", rich_help_panel="Run")] = None,
    plain: Plain = False,
    as_json: AsJson = False,
    folder: Folder = DEFAULT_FOLDER,
) -> None:
    """Take up a stopped, interrupted or paused run where it was; what was paid for is not paid again."""
    from ..graphs.api import aresume
    from ..runtime.monitor.process import is_run_alive
    from .foreground import print_finished, run_foreground, view_from_log
    from .options import open_store

    budget = parse_budget(calls, target_calls, tokens, usd, minutes)
    with open_store(folder, read_only=False) as store:
        record = store.run(run)
        if record.state == "finished":
            if budget is not None:
                more = f"maieutic fork {record.id} best takes its prompt further"
                typer.echo(f"run {record.id} is finished and takes no new budget; {more}", err=True)
            print_finished(store, record, folder, as_json=as_json)
            return
        alive = is_run_alive(record)
        if lifted := _cancel_pause(store, record.id):
            typer.echo(f"run {record.id} was paused: the pause is lifted", err=True)
        view = view_from_log(store, record, budget)
    if alive and lifted:
        typer.echo(f"it goes on in process {record.pid}; see maieutic watch {record.id}", err=True)
        return
    if alive:
        raise UsageError(
            f"run {record.id} is still running, in process {record.pid}",
            where=str(folder),
            remedy=f"wait for it, or stop it first: maieutic stop {record.id}",
        )
    run_foreground(
        lambda watch: aresume(record.id, folder=folder, concurrency=concurrency, budget=budget, listen=watch),
        folder=folder,
        plain=plain,
        as_json=as_json,
        view=view,
    )


def _cancel_pause(store: Store, run: str) -> bool:
    """Whoever types resume says it: a pause that nothing has undone yet is over, for this process or for another."""
    import asyncio

    from ..core.directives import Pause, Resume, Stop

    said = [one for _, one in store.directives(run) if isinstance(one, Pause | Resume | Stop)]
    if not said or not isinstance(said[-1], Pause):
        return False
    asyncio.run(store.add_directive(run, Resume()))
    return True


def _example_folder(task: str) -> Path:
    """The folder of a task that comes with the package."""
    from importlib import resources

    return Path(str(resources.files(f"{__package__.rpartition('.')[0]}.examples.{task}")))
