"""`maieutic transfer`: a run's prompt on another task, or with another model."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from .optimize import Calls, Target
from .options import (
    DEFAULT_FOLDER,
    AsJson,
    Concurrency,
    Folder,
    NoPlugins,
    RunName,
    TaskFile,
    load_registry,
    open_store,
    override_models,
    parse_budget,
    print_json,
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
    folder: Folder = DEFAULT_FOLDER,
    no_plugins: NoPlugins = False,
) -> None:
    """Measure a run's prompt on another task or model, against that task's own prompt on the same rows.

    Of a run over several tasks the system prompt is brought; of any other, the whole program. --calls is for each of
    the two.
    """
    from ..graphs.transfer import transfer_program as bring
    from ..runtime.reports.text import gain_text
    from .evaluate import TEST_REUSE_WARNING, run_evaluation
    from .foreground import read_task
    from .lookup import find_candidate

    made = override_models(read_task(task, no_plugins=no_plugins), target, None, {})
    with open_store(folder) as store:
        program = find_candidate(store, store.run(run), candidate).program
    work = bring(
        program,
        made,
        split=split,
        concurrency=concurrency,
        folder=folder,
        registry=load_registry(made, no_plugins=no_plugins),
        budget=parse_budget(calls, None, None, None, None),
    )
    found = run_evaluation(work, what="measuring", again=f"maieutic transfer {run} {task}")
    if as_json:
        print_json(found.model_dump(mode="json"))
        return
    typer.echo(f"{found.verdict}: {found.own:.3f} → {found.brought:.3f}, {gain_text(found.difference)}")
    typer.echo(f"{found.task} on {found.n} {found.split} rows with {found.model}")
    if found.split == "test":
        typer.echo(TEST_REUSE_WARNING)
