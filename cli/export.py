"""Commands that write a run down for others: report, export."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from .lookup import find_candidate, find_report
from .options import (
    DEFAULT_FOLDER,
    AsJson,
    Folder,
    NoPlugins,
    OutputFile,
    RunName,
    load_registry,
    open_store,
    write_or_print,
)


def report(
    run: RunName = "latest",
    form: Annotated[Literal["md", "html", "json"], typer.Option("--format", help="Markdown, HTML or JSON")] = "md",
    output: OutputFile = None,
    as_json: AsJson = False,
    folder: Folder = DEFAULT_FOLDER,
) -> None:
    """What a run gained on the sealed rows, how sure that is, and what it cost."""
    from ..runtime.reports.text import to_html, to_json, to_markdown

    with open_store(folder) as store:
        found = find_report(store, store.run(run))
    writers = {"md": to_markdown, "html": to_html, "json": to_json}
    write_or_print(writers["json" if as_json else form](found), output)


def export(
    run: RunName = "latest",
    form: Annotated[
        str,
        typer.Option(
            "--format",
            metavar="FORMAT",
            help="text, markdown, json, langchain, langchain-hub, dspy, openai, promptfoo, jinja2, python, a plugin's",
        ),
    ] = "text",
    candidate: Annotated[str, typer.Option(metavar="CANDIDATE", help="best, start, or an id")] = "best",
    output: OutputFile = None,
    folder: Folder = DEFAULT_FOLDER,
    no_plugins: NoPlugins = False,
) -> None:
    """Take a prompt out of a run, in another program's form."""
    from ..core.errors import UsageError

    exporter = load_registry(None, no_plugins=no_plugins).create("exporter", form)
    with open_store(folder) as store:
        record = store.run(run)
        chosen = find_candidate(store, record, candidate)
        try:
            claim = find_report(store, record) if candidate == "best" else None
        except UsageError:
            claim = None
    write_or_print(exporter.export(chosen.program, record.task, claim), output)
