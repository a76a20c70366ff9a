"""`maieutic compare`: two prompts of one's own on the rows of a task."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from .optimize import Calls, Target
from .options import (
    DEFAULT_FOLDER,
    AsJson,
    Concurrency,
    Folder,
    NoPlugins,
    TaskFile,
    load_registry,
    override_models,
    parse_budget,
    print_json,
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
    folder: Folder = DEFAULT_FOLDER,
    no_plugins: NoPlugins = False,
) -> None:
    """Two prompts on the same rows: the paired difference with its interval, and the rows that flip.

    --calls is for each of the two.
    """
    from ..graphs.compare import compare_programs
    from ..runtime.reports.text import gain_text
    from .evaluate import TEST_REUSE_WARNING, load_program, run_evaluation
    from .foreground import read_task

    made = override_models(read_task(task, no_plugins=no_plugins), target, None, {})
    work = compare_programs(
        made,
        load_program(a),
        load_program(b),
        split=split,
        concurrency=concurrency,
        folder=folder,
        registry=load_registry(made, no_plugins=no_plugins),
        budget=parse_budget(calls, None, None, None, None),
    )
    found = run_evaluation(work, what="comparison", again=f"maieutic compare {task} {a} {b}")
    if as_json:
        print_json(found.model_dump(mode="json"))
        return
    typer.echo(f"{found.verdict}: from A to B {gain_text(found.difference)}")
    for name, path, one in (("A", a, found.a), ("B", b, found.b)):
        typer.echo(f"{name}  {one.value:.3f} [{one.low:.3f}, {one.high:.3f}]  {path}")
    typer.echo(f"{found.flips.gained} rows better with B, {found.flips.lost} worse")
    typer.echo(f"{found.task} on {found.n} {found.split} rows with {found.model}")
    if found.split == "test":
        typer.echo(TEST_REUSE_WARNING)
