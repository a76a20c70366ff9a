"""Run a search in the foreground: show its progress, handle Ctrl-C, print the result."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from ..core.budget import Budget
from ..core.errors import RunStopped
from ..runtime.monitor.run_view import RunView
from .interrupt import run_until_interrupted
from .options import DEFAULT_FOLDER, DisplayOptions
from .printer import echo, echo_json, secho
from .progress import ProgressDisplay, progress_display

if TYPE_CHECKING:
    from ..core.report import Report
    from ..graphs.api import Result
    from ..runtime.store import RunRecord, Store


def run_foreground(
    start: Callable[[ProgressDisplay], Coroutine[Any, Any, Result]],
    display: DisplayOptions,
    *,
    view: RunView | None = None,
) -> None:
    """view: the run so far, if it is resumed. Raises RunStopped if the run can be resumed, RunFailed if it failed."""
    folder = display.folder
    with progress_display(folder=folder, plain=display.plain, as_json=display.as_json, view=view) as progress:
        result = run_until_interrupted(start(progress), continue_with=lambda: resume_command(progress.view.run, folder))
    if result is None or result.state != "finished":
        run = result.run if result else progress.view.run
        state = result.state if result else "interrupted"
        raise RunStopped(
            f"run {run or '(not started)'} was {state}; completed calls are saved",
            remedy=f"resume with: {resume_command(run, folder)}",
        )
    if not display.as_json:
        print_result(result.run, result.report, folder)
    if result.report is not None and result.report.limits_passed:
        raise typer.Exit(RunStopped.exit_code)


def print_result(run: str, report: Report | None, folder: Path) -> None:
    """The verdict first, then the prompts, then the next commands."""
    flag = _folder_flag(folder)
    if report is None:
        echo(f"run {run} ended without a report; its candidates: maieutic show {run}{flag}")
        return
    from ..runtime.reports.text import summary_lines

    verdict, *details = summary_lines(report)
    color = {"improved": "green", "worse": "red"}.get(report.verdict)
    echo()
    secho(verdict, fg=color, bold=True)
    for line in details:
        echo(line)
    secho("\nbefore", bold=True)
    echo(_indent(report.prompt.start))
    secho("\nafter", bold=True)
    echo(_indent(report.prompt.best))
    secho("\nnext", bold=True)
    for command, purpose in (
        (f"maieutic report {run} --format html -o report.html{flag}", "the full report"),
        (f"maieutic show {run}{flag}", "all candidates"),
        (f"maieutic export {run} --format text{flag}", "the prompt alone"),
    ):
        echo(f"  {command}   {purpose}")


def view_from_log(store: Store, record: RunRecord, budget: Budget | None) -> RunView:
    """A run so far, as its log describes it, with the limits that apply from now on."""
    limits = budget or Budget.model_validate_json(record.budget_json)
    view = RunView.from_events(store.events(record.id))
    return replace(view, run=record.id, budget=limits.model_dump(exclude_none=True))


def print_finished(store: Store, record: RunRecord, folder: Path, *, as_json: bool) -> None:
    """Print a finished run's result again: the last event as JSON, or the result as text."""
    from ..core.report import Report

    if as_json:
        for event in [event for event in store.events(record.id) if event.kind == "run_finished"][-1:]:
            echo_json(event.as_json_line())
        return
    report_json = store.report(record.id)
    print_result(record.id, Report.model_validate_json(report_json) if report_json else None, folder)


def resume_command(run: str, folder: Path) -> str:
    return f"maieutic resume {run or 'latest'}{_folder_flag(folder)}"


def _indent(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())


def _folder_flag(folder: Path) -> str:
    return "" if folder == DEFAULT_FOLDER else f" --folder {folder}"
