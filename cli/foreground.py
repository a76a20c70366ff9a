"""Carrying out a run in the foreground: watch it, take Ctrl-C, say what came of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from ..core.budget import Budget
from ..core.errors import RunStopped
from ..runtime.monitor.process import is_run_alive as is_run_alive
from ..runtime.monitor.run_view import RunView
from .interrupt import run_until_interrupted
from .options import load_registry
from .progress import ProgressDisplay, progress_display

if TYPE_CHECKING:
    from ..core.report import Report
    from ..core.task import Task
    from ..graphs.api import Result
    from ..runtime.store import RunRecord, Store


def run_foreground(
    work: Callable[[ProgressDisplay], Coroutine[Any, Any, Result]],
    *,
    folder: Path,
    plain: bool,
    as_json: bool,
    view: RunView | None = None,
) -> None:
    """view: what was seen of the run before, where it is taken up again. Raises RunStopped where the run can be
    resumed, RunFailed where it failed."""
    with progress_display(folder=folder, plain=plain, as_json=as_json, view=view) as watch:
        result = run_until_interrupted(work(watch), goes_on_with=lambda: resume_command(watch.view.run, folder))
    if result is None or result.state != "finished":
        run = result.run if result else watch.view.run
        state = result.state if result else "interrupted"
        raise RunStopped(
            f"run {run or '(not begun)'} was {state}; what was paid for is kept",
            remedy=f"resume with: {resume_command(run, folder)}",
        )
    if not as_json:
        print_result(result.run, result.report, folder)


def print_result(run: str, report: Report | None, folder: Path) -> None:
    """Verdict first, then the prompts, then where to go on."""
    if report is None:
        typer.echo(f"run {run} ended without a report; its candidates: maieutic show {run}{_folder_flag(folder)}")
        return
    from ..runtime.reports.text import summary_lines

    verdict, *rest = summary_lines(report)
    colour = {"improved": "green", "worse": "red"}.get(report.verdict)
    typer.echo()
    typer.secho(verdict, fg=colour, bold=True)
    for line in rest:
        typer.echo(line)
    typer.secho("\nbefore", bold=True)
    typer.echo(_indent(report.prompt.start))
    typer.secho("\nafter", bold=True)
    typer.echo(_indent(report.prompt.best))
    typer.secho("\nnext", bold=True)
    at = _folder_flag(folder)
    for command, why in (
        (f"maieutic report {run} --format html -o report.html{at}", "the whole report"),
        (f"maieutic show {run}{at}", "all candidates"),
        (f"maieutic export {run} --format text{at}", "take the prompt with you"),
    ):
        typer.echo(f"  {command}   {why}")


def view_from_log(store: Store, record: RunRecord, budget: Budget | None) -> RunView:
    """What the log tells of a run that is taken up again, with the limits that hold from now on."""
    limits = budget or Budget.model_validate_json(record.budget_json)
    view = RunView.from_events(store.events(record.id))
    return replace(view, run=record.id, budget=limits.model_dump(exclude_none=True))


def print_finished(store: Store, record: RunRecord, folder: Path, *, as_json: bool) -> None:
    """What a run ended with, told once more: the last event as JSON, or the result in words."""
    from ..core.report import Report

    if as_json:
        for event in [one for one in store.events(record.id) if one.kind == "run_finished"][-1:]:
            typer.echo(json.dumps(event.as_json_line(), ensure_ascii=False))
        return
    written = store.report(record.id)
    print_result(record.id, Report.model_validate_json(written) if written else None, folder)


def resume_command(run: str, folder: Path) -> str:
    return f"maieutic resume {run or 'latest'}{_folder_flag(folder)}"


def read_task(path: Path, *, no_plugins: bool) -> Task:
    """The task of a file or folder, with rows that plugins' loaders may read too."""
    from ..plugins.loaders.files import dataset_reader
    from ..runtime.tasks.loader import load_task

    return load_task(path, read=dataset_reader(load_registry(None, no_plugins=no_plugins)))


def _indent(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())


def _folder_flag(folder: Path) -> str:
    return "" if folder == Path(".maieutic") else f" --folder {folder}"
