"""`maieutic report`: what a run gained, as a page, as Markdown, for a terminal, or as data; several runs compared."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from ..core.errors import UsageError
from .completion import complete_runs
from .lookup import find_report, open_store
from .options import DEFAULT_FOLDER, AsJson, Folder, OutputFile, RunName
from .output import is_terminal, write_or_print
from .printer import secho

if TYPE_CHECKING:
    from ..core.report import Report
    from ..runtime.reports.run_facts import RunFacts
    from ..runtime.reports.terminal import TerminalLine
    from ..runtime.store import Store

ReportForm = Literal["md", "html", "json"]

_STYLES: dict[str, dict[str, Any]] = {
    "title": {"bold": True},
    "head": {"bold": True},
    "good": {"fg": "green"},
    "bad": {"fg": "red"},
    "warn": {"fg": "yellow"},
}


def report(
    run: RunName = "latest",
    others: Annotated[
        list[str] | None,
        typer.Argument(metavar="[RUN…]", help="further runs, with --compare", autocompletion=complete_runs),
    ] = None,
    compare: Annotated[bool, typer.Option("--compare", help="compare the runs with the first one")] = False,
    form: Annotated[ReportForm, typer.Option("--format", help="output format: Markdown, HTML or JSON")] = "md",
    output: OutputFile = None,
    as_json: AsJson = False,
    folder: Folder = DEFAULT_FOLDER,
) -> None:
    """Show a run's gain on the held-out test, its interval and its cost.

    On a terminal it is laid out as text; a pipe gets Markdown. `report --compare RUN RUN` shows several runs.
    """
    chosen: ReportForm = "json" if as_json else form
    on_terminal = chosen == "md" and output is None and is_terminal()
    with open_store(folder) as store:
        runs = _read_runs(store, _run_names(run, others or [], compare=compare))
    content = _compared(runs, chosen, on_terminal) if compare else _single(*runs[0], chosen, on_terminal)
    if isinstance(content, str):
        write_or_print(content, output, is_json=chosen == "json")
    else:
        for line in content:
            secho(line.text, **_STYLES.get(line.style, {}))


def _run_names(run: str, others: Sequence[str], *, compare: bool) -> list[str]:
    """Raises UsageError for several runs that are not to be compared, and for fewer than two that are."""
    if others and not compare:
        raise UsageError(
            "one report at a time", where=" ".join([run, *others]), remedy="add --compare to see several runs together"
        )
    if compare and not others:
        raise UsageError(
            "a comparison needs two runs or more", where="--compare", remedy="name them: --compare RUN RUN"
        )
    return [run, *others]


def _read_runs(store: Store, names: Sequence[str]) -> list[tuple[Report, RunFacts]]:
    """Raises UsageError for a run that is named twice, or that has no report."""
    from ..runtime.reports.run_facts import RunFacts

    records = {record.id: record for record in map(store.run, names)}
    if len(records) < len(names):
        raise UsageError("a run is named twice", where=" ".join(names), possible=[record.id for record in store.runs()])
    reports = [(find_report(store, record), record) for record in records.values()]
    return [(run_report, RunFacts.read(store, record, run_report)) for run_report, record in reports]


def _single(run_report: Report, facts: RunFacts, form: ReportForm, on_terminal: bool) -> str | list[TerminalLine]:
    from ..runtime.reports.html import to_html
    from ..runtime.reports.markdown import to_markdown
    from ..runtime.reports.terminal import to_terminal
    from ..runtime.reports.text import to_json

    if form == "json":
        return to_json(run_report)
    if form == "html":
        return to_html(run_report, facts)
    return to_terminal(run_report, _terminal_width(), facts) if on_terminal else to_markdown(run_report, facts)


def _compared(runs: Sequence[tuple[Report, RunFacts]], form: ReportForm, on_terminal: bool) -> str | list[TerminalLine]:
    import json
    from dataclasses import asdict

    from ..runtime.reports.comparison import compare_reports
    from ..runtime.reports.comparison_texts import comparison_html, comparison_markdown, comparison_terminal

    comparison = compare_reports(runs)
    if form == "json":
        return json.dumps(asdict(comparison), default=lambda value: value.model_dump(mode="json"), indent=2)
    if form == "html":
        return comparison_html(comparison)
    return comparison_terminal(comparison, _terminal_width()) if on_terminal else comparison_markdown(comparison)


def _terminal_width() -> int:
    return shutil.get_terminal_size((100, 24)).columns
