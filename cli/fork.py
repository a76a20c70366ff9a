"""`maieutic fork`: a new run from a candidate of an earlier one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from ..core.errors import UsageError
from .consent import require_task_consent
from .lookup import WITHOUT_SEARCH, find_candidate, load_registry, open_store
from .option_groups import expand_groups
from .options import BudgetOptions, Detach, DisplayOptions, MethodOptions, NewRun, RunName, SearchOptions, Trust

if TYPE_CHECKING:
    from ..core.task import Task
    from ..graphs.run_options import RunOptions
    from ..runtime.store import RunRecord, Store


@expand_groups
def fork(
    context: typer.Context,
    run: RunName,
    method: MethodOptions,
    budget: BudgetOptions,
    search: SearchOptions,
    display: DisplayOptions,
    candidate: Annotated[
        str, typer.Argument(metavar="CANDIDATE", help="candidate id, a unique prefix of one, best or start")
    ] = "best",
    detach: Detach = False,
    name: NewRun = None,
    trust: Trust = False,
) -> None:
    """Start a new run from a candidate of an earlier run.

    Cached answers are free.
    """
    import asyncio

    from ..core.directives import Fork
    from ..graphs.api import check_run_id, start_run
    from ..graphs.inputs.fork import load_parent
    from ..graphs.run_lifecycle import new_run_id
    from ..graphs.run_options import ForkOrigin
    from ..runtime.monitor.process import is_run_alive
    from .foreground import run_foreground

    folder = display.folder
    if detach:
        from .detach import start_detached, with_options

        with open_store(folder) as store:
            agreed = require_task_consent(_current_task(store, store.run(run)), trust=trust)
        arguments = with_options(context.obj or [], ["--trust"] if agreed and not trust else [])
        start_detached(arguments, folder=folder, as_json=display.as_json, run=name)
        return
    new_run = new_run_id() if name is None else check_run_id(name)
    with open_store(folder, read_only=False) as store:
        record = store.run(run)
        parent = find_candidate(store, record, candidate)
        origin = ForkOrigin(run=record.id, candidate=parent.id)
        load_parent(store, origin)
        task = _current_task(store, record)
        require_task_consent(task, trust=trust)
        if is_run_alive(record):
            asyncio.run(store.add_directive(record.id, Fork(candidate=parent.id, run=new_run)))
    limits = budget.budget()
    options = replace(_parent_options(record, display, has_budget=limits is not None), origin=origin)
    options = search.apply(method.apply(replace(options, budget=limits or options.budget, trust=True)))
    registry = load_registry()
    run_foreground(lambda progress: start_run(task, options, registry=registry, run=new_run, listen=progress), display)


def _parent_options(record: RunRecord, display: DisplayOptions, *, has_budget: bool) -> RunOptions:
    """Method, budget, seed and concurrency of the parent. Approval, executor and observers are a choice of each run."""
    from ..graphs.run_options import RunOptions

    if record.recipe in WITHOUT_SEARCH and not has_budget:
        raise UsageError(
            f"run {record.id} searched nothing: it has no search budget",
            where="--calls",
            remedy="give --calls and --recipe",
        )
    if record.recipe in WITHOUT_SEARCH:
        return RunOptions(seed=record.seed, folder=display.folder)
    options = RunOptions.from_record(record, folder=display.folder)
    return replace(options, approve=RunOptions.approve, executor=RunOptions.executor, observers=RunOptions.observers)


def _current_task(store: Store, record: RunRecord) -> Task:
    """The task with the labels that people corrected and the examples they added."""
    from ..core.task import Task
    from ..graphs.config_changes import applied_directives, changed_task

    task = Task.model_validate_json(record.task_json)
    for directive in applied_directives(store.directives(record.id), store.events(record.id)):
        task = changed_task(task, directive)
    return task
