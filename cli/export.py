"""`maieutic export`: a run's prompt in the formats of other tools."""

from __future__ import annotations

from typing import Annotated

import typer

from .completion import completer
from .lookup import find_candidate, find_report, open_store, run_registry
from .options import DEFAULT_FOLDER, CandidateName, Folder, Force, NoPlugins, OutputFile, RunName, Trust
from .output import check_unwritten, write_or_print


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
