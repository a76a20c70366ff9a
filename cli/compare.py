"""`maieutic compare`: two prompts of one's own on the rows of a task."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from .optimize import Calls, Target
from .options import (
    HERE,
    AsJson,
    Concurrency,
    Folder,
    NoPlugins,
    TaskFile,
    budget_of,
    print_json,
    registry_of,
    with_models,
)


def compare(
    task: TaskFile,
    a: Annotated[Path, typer.Argument(metavar="PROMPT_A", help="a text, or an exported .json")],
    b: Annotated[Path, typer.Argument(metavar="PROMPT_B", help="the same; is it better than A?")],
    split: Annotated[Literal["train", "val", "test"], typer.Option(help="which rows")] = "test",
    target: Target = None,
    calls: Calls = None,
    concurrency: Concurrency = 4,
    as_json: AsJson = False,
    folder: Folder = HERE,
    no_plugins: NoPlugins = False,
) -> None:
    """Two prompts on the same rows: the paired difference with its interval, and the rows that flip.

    --calls is for each of the two.
    """
    from ..graphs.comparing import compare_programs
    from ..runtime.reporting import gain_words
    from .measuring import LOOKED_AT, measured, program_in
    from .running import read_task

    made = with_models(read_task(task, no_plugins=no_plugins), target, None, {})
    work = compare_programs(
        made,
        program_in(a),
        program_in(b),
        split=split,
        concurrency=concurrency,
        folder=folder,
        registry=registry_of(made, no_plugins=no_plugins),
        budget=budget_of(calls, None, None, None, None),
    )
    found = measured(work, what="comparison", again=f"maieutic compare {task} {a} {b}")
    if as_json:
        print_json(found.model_dump(mode="json"))
        return
    typer.echo(f"{found.verdict}: from A to B {gain_words(found.difference)}")
    for name, path, one in (("A", a, found.a), ("B", b, found.b)):
        typer.echo(f"{name}  {one.value:.3f} [{one.low:.3f}, {one.high:.3f}]  {path}")
    typer.echo(f"{found.flips.gained} rows better with B, {found.flips.lost} worse")
    typer.echo(f"{found.task} on {found.n} {found.split} rows with {found.model}")
    if found.split == "test":
        typer.echo(LOOKED_AT)
