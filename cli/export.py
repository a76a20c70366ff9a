"""`maieutic report` and `export`: a run's report and its prompt, written for others."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from .completion import completer
from .lookup import find_candidate, find_report, open_store, run_registry
from .options import DEFAULT_FOLDER, AsJson, CandidateName, Folder, Force, NoPlugins, OutputFile, RunName, Trust
from .output import check_unwritten, is_terminal, write_or_print
from .printer import echo_markdown


def report(
    run: RunName = "latest",
    form: Annotated[
        Literal["md", "html", "json"], typer.Option("--format", help="output format: Markdown, HTML or JSON")
    ] = "md",
    output: OutputFile = None,
    as_json: AsJson = False,
    folder: Folder = DEFAULT_FOLDER,
) -> None:
    """Show a run's gain on the held-out test, its interval and its cost."""
    from ..runtime.reports.text import to_html, to_json, to_markdown

    with open_store(folder) as store:
        run_report = find_report(store, store.run(run))
    writers = {"md": to_markdown, "html": to_html, "json": to_json}
    chosen = "json" if as_json else form
    text = writers[chosen](run_report)
    if chosen == "md" and output is None and is_terminal():
        echo_markdown(text)
    else:
        write_or_print(text, output, is_json=chosen == "json")


def export(
    run: RunName = "latest",
    form: Annotated[
        str,
        typer.Option(
            "--format",
            metavar="FORMAT",
            help="text, json, markdown, python, a tool's format below, or a plugin's",
            autocompletion=completer("exporter"),
        ),
    ] = "text",
    candidate: CandidateName = "best",
    output: OutputFile = None,
    force: Force = False,
    folder: Folder = DEFAULT_FOLDER,
    no_plugins: NoPlugins = False,
    trust: Trust = False,
) -> None:
    """Export a run's prompt to another tool's format.

    Formats: text, markdown, json, langchain, langchain-hub, dspy, openai, promptfoo, jinja2, python.
    """
    from ..core.errors import UsageError

    with open_store(folder) as store:
        record = store.run(run)
        exporter = run_registry(record, no_plugins=no_plugins, trust=trust).create("exporter", form)
        selected = find_candidate(store, record, candidate)
        try:
            run_report = find_report(store, record) if candidate == "best" else None
        except UsageError:
            run_report = None
    text = exporter.export(selected.program, record.task, run_report)
    if output is not None and not force:
        check_unwritten(output, text)
    write_or_print(text, output, exact=True)
