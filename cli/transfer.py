"""`maieutic transfer`: a run's prompt on another task, or with another model."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from .optimize import Calls, Target
from .options import (
    HERE,
    AsJson,
    Concurrency,
    Folder,
    NoPlugins,
    RunName,
    TaskFile,
    budget_of,
    open_store,
    print_json,
    registry_of,
    with_models,
)


def transfer(
    run: RunName,
    task: TaskFile,
    candidate: Annotated[str, typer.Option(help="which of the run's candidates")] = "best",
    split: Annotated[Literal["val", "test"], typer.Option(help="which of the task's rows")] = "test",
    target: Target = None,
    calls: Calls = None,
    concurrency: Concurrency = 4,
    as_json: AsJson = False,
    folder: Folder = HERE,
    no_plugins: NoPlugins = False,
) -> None:
    """Measure a run's prompt on another task or model, against that task's own prompt on the same rows.

    Of a run over several tasks the system prompt is brought; of any other, the whole program. --calls is for each of
    the two.
    """
    from ..graphs.transfer import transfer as bring
    from ..runtime.reporting import gain_words
    from .lookup import find_candidate
    from .measuring import LOOKED_AT, measured
    from .running import read_task

    made = with_models(read_task(task, no_plugins=no_plugins), target, None, {})
    with open_store(folder) as store:
        program = find_candidate(store, store.run(run), candidate).program
    work = bring(
        program,
        made,
        split=split,
        concurrency=concurrency,
        folder=folder,
        registry=registry_of(made, no_plugins=no_plugins),
        budget=budget_of(calls, None, None, None, None),
    )
    found = measured(work, what="measuring", again=f"maieutic transfer {run} {task}")
    if as_json:
        print_json(found.model_dump(mode="json"))
        return
    typer.echo(f"{found.verdict}: {found.own:.3f} → {found.brought:.3f}, {gain_words(found.difference)}")
    typer.echo(f"{found.task} on {found.n} {found.split} rows with {found.model}")
    if found.split == "test":
        typer.echo(LOOKED_AT)
