"""`maieutic`: the root command and its subcommands, in the order of the help."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from . import (
    candidates,
    data,
    doctor,
    duel,
    estimate,
    evaluate,
    export,
    fork,
    improve,
    init_wizard,
    log,
    measure,
    models,
    optimize,
    plugins,
    recipes,
    report,
    runs,
    scoreboard,
    serve,
    steer,
    trust,
    watch,
)
from .errors import GuardedGroup

_SUMMARY = "Optimize prompts, and measure the gain on held-out data."

app = typer.Typer(
    name="maieutic",
    cls=GuardedGroup,
    help=_SUMMARY,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"]},
)


def _print_version(requested: bool) -> None:
    if requested:
        from importlib.metadata import version

        typer.echo(f"maieutic {version('maieutic')}")
        raise typer.Exit


@app.callback(help=_SUMMARY)
def maieutic(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="show the version and exit")
    ] = False,
) -> None:
    if os.environ.get("NO_COLOR"):
        context.color = False
    from ..runtime.telemetry.logging import configure

    configure()


_START, _RUN, _INSPECT, _SYSTEM = "Start", "Run", "Inspect", "System"

app.command(rich_help_panel=_START)(optimize.demo)
app.command(rich_help_panel=_START)(init_wizard.init)
app.command(rich_help_panel=_START)(data.data)
app.command(rich_help_panel=_START)(estimate.estimate)
app.command(rich_help_panel=_RUN)(optimize.optimize)
app.command(rich_help_panel=_RUN)(improve.improve)
app.command(rich_help_panel=_RUN)(optimize.resume)
app.command(rich_help_panel=_RUN)(watch.watch)
app.command(rich_help_panel=_RUN)(fork.fork)
app.command(rich_help_panel=_RUN)(steer.stop)
app.command(rich_help_panel=_RUN)(steer.steer)
app.command(rich_help_panel=_RUN)(steer.directives)
app.command("actions", hidden=True)(steer.directives)  # the name of earlier versions
app.command(rich_help_panel=_RUN)(duel.duel)
app.command(rich_help_panel=_INSPECT)(runs.runs)
app.command(rich_help_panel=_INSPECT)(runs.show)
app.command(rich_help_panel=_INSPECT)(candidates.diff)
app.command(rich_help_panel=_INSPECT)(runs.lineage)
app.command(rich_help_panel=_INSPECT)(scoreboard.scoreboard)
app.command(rich_help_panel=_INSPECT)(scoreboard.examples)
app.command(rich_help_panel=_INSPECT)(log.dialogue)
app.command(rich_help_panel=_INSPECT)(log.events)
app.command(rich_help_panel=_INSPECT)(report.report)
app.command(rich_help_panel=_INSPECT)(export.export)
app.command("eval", rich_help_panel=_INSPECT)(evaluate.evaluate)
app.command(rich_help_panel=_INSPECT)(evaluate.compare)
app.command(rich_help_panel=_INSPECT)(evaluate.transfer)
app.command(rich_help_panel=_INSPECT)(measure.measure)
app.command(rich_help_panel=_SYSTEM)(recipes.recipes)
app.command(rich_help_panel=_SYSTEM)(serve.serve)
app.command(rich_help_panel=_SYSTEM)(serve.mcp)
app.command(rich_help_panel=_SYSTEM)(trust.trust)
app.add_typer(plugins.plugins, name="plugins", rich_help_panel=_SYSTEM)
app.add_typer(models.models, name="models", rich_help_panel=_SYSTEM)
app.command(rich_help_panel=_SYSTEM)(doctor.doctor)
