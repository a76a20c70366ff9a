"""A new run from any candidate of an old one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ..core.errors import UsageError
from .optimize import Calls, Minutes, Plain, TargetCalls, Tokens, Usd
from .options import DEFAULT_FOLDER, AsJson, Folder, RunName, load_registry, open_store, parse_budget, parse_key_values

if TYPE_CHECKING:
    from ..core.budget import Budget
    from ..core.candidate import Candidate
    from ..core.task import Task
    from ..runtime.store import RunRecord, Store


def fork(
    context: typer.Context,
    run: RunName,
    candidate: Annotated[str, typer.Argument(help="an id, the beginning of one, best or start")] = "best",
    recipe: Annotated[str | None, typer.Option(help="another method; else the run's own")] = None,
    calls: Calls = None,
    target_calls: TargetCalls = None,
    tokens: Tokens = None,
    usd: Usd = None,
    minutes: Minutes = None,
    seed: Annotated[int | None, typer.Option(help="else the run's own", rich_help_panel="Run")] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="change the recipe", rich_help_panel="Run")
    ] = None,
    approve: Annotated[bool, typer.Option("--approve", help="wait for a person before each round")] = False,
    plain: Plain = False,
    as_json: AsJson = False,
    detach: Annotated[bool, typer.Option("--detach", help="run in the background, print the run's id")] = False,
    folder: Folder = DEFAULT_FOLDER,
    name: Annotated[str | None, typer.Option("--run", help="the new run's id", rich_help_panel="Where")] = None,
) -> None:
    """Begin a new run with a candidate of an old one beside its start prompt. Answers that are known cost nothing."""
    import asyncio

    from ..core.directives import Fork
    from ..core.recipe import Recipe
    from ..graphs.api import check_run_id, start_run
    from ..graphs.inputs.fork import load_parent
    from ..graphs.run_lifecycle import new_run_id
    from ..graphs.run_options import ForkOrigin, RunOptions
    from ..runtime.monitor.process import is_run_alive
    from .foreground import run_foreground
    from .lookup import find_candidate

    if detach:
        from .detach import start_detached

        start_detached(list(context.obj or []), folder=folder, as_json=as_json, run=name)
        return
    begun = new_run_id() if name is None else check_run_id(name)
    with open_store(folder, read_only=False) as store:
        record = store.run(run)
        chosen: Candidate = find_candidate(store, record, candidate)
        origin = ForkOrigin(run=record.id, candidate=chosen.id)
        load_parent(store, origin)
        task = _current_task(store, record)
        if is_run_alive(record):
            asyncio.run(store.add_directive(record.id, Fork(candidate=chosen.id, run=begun)))
    options = RunOptions(
        recipe=recipe or Recipe.model_validate_json(record.recipe_json),
        budget=parse_budget(calls, target_calls, tokens, usd, minutes) or _inherited_budget(record),
        seed=record.seed if seed is None else seed,
        concurrency=int(record.options.get("concurrency", 4)),
        folder=folder,
        settings=parse_key_values(settings or [], "--set"),
        approve=approve,
        origin=origin,
    )
    registry = load_registry(task, no_plugins=False)
    run_foreground(
        lambda watch: start_run(task, options, listen=watch, registry=registry, run=begun),
        folder=folder,
        plain=plain,
        as_json=as_json,
    )


def _current_task(store: Store, record: RunRecord) -> Task:
    """The task as people left it: labels they put right and rows they added belong to it."""
    from ..core.task import Task
    from ..graphs.config_changes import applied_directives, changed_task

    task = Task.model_validate_json(record.task_json)
    for one in applied_directives(store.directives(record.id), store.events(record.id)):
        task = changed_task(task, one)
    return task


def _inherited_budget(record: RunRecord) -> Budget:
    from ..core.budget import Budget

    if record.recipe == "eval":
        raise UsageError(
            f"run {record.id} only scored a prompt: it has no budget of a search",
            where="--calls",
            remedy="give --calls and --recipe",
        )
    return Budget.model_validate_json(record.budget_json)
