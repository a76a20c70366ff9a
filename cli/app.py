"""`maieutic`: all commands in the order a person meets them."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from . import compare, duel, fork, log, optimize, plugins, serve, steer, transfer, watch
from . import estimate as task
from . import export as write
from . import models as system
from . import runs as look
from .errors import GuardedGroup

app = typer.Typer(
    name="maieutic",
    cls=GuardedGroup,
    help="Draw a better prompt out of a model, and prove the gain on sealed data.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"]},
)


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"maieutic {version('maieutic')}")
        raise typer.Exit


@app.callback()
def maieutic(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="show the version and leave")
    ] = False,
) -> None:
    """Draw a better prompt out of a model, and prove the gain on sealed data."""
    if os.environ.get("NO_COLOR"):
        context.color = False
    from ..runtime.telemetry.logging import configure

    configure()


_START, _RUN, _LOOK, _SYSTEM = "Start", "Run", "Look", "System"

app.command(rich_help_panel=_START)(optimize.demo)
app.command(rich_help_panel=_START)(task.init)
app.command(rich_help_panel=_START)(task.estimate)
app.command(rich_help_panel=_RUN)(optimize.optimize)
app.command(rich_help_panel=_RUN)(optimize.resume)
app.command(rich_help_panel=_RUN)(watch.watch)
app.command(rich_help_panel=_RUN)(fork.fork)
app.command(rich_help_panel=_RUN)(steer.stop)
app.command(rich_help_panel=_RUN)(steer.steer)
app.command(rich_help_panel=_RUN)(steer.actions)
app.command(rich_help_panel=_RUN)(duel.duel)
app.command(rich_help_panel=_LOOK)(look.runs)
app.command(rich_help_panel=_LOOK)(look.show)
app.command(rich_help_panel=_LOOK)(look.diff)
app.command(rich_help_panel=_LOOK)(look.lineage)
app.command(rich_help_panel=_LOOK)(log.scoreboard)
app.command(rich_help_panel=_LOOK)(log.examples)
app.command(rich_help_panel=_LOOK)(log.dialogue)
app.command(rich_help_panel=_LOOK)(log.events)
app.command(rich_help_panel=_LOOK)(write.report)
app.command(rich_help_panel=_LOOK)(write.export)
app.command("eval", rich_help_panel=_LOOK)(task.evaluate)
app.command(rich_help_panel=_LOOK)(compare.compare)
app.command(rich_help_panel=_LOOK)(transfer.transfer)
app.command(rich_help_panel=_SYSTEM)(system.recipes)
app.command(rich_help_panel=_SYSTEM)(serve.serve)
app.command(rich_help_panel=_SYSTEM)(serve.mcp)
app.add_typer(plugins.plugins, name="plugins", rich_help_panel=_SYSTEM)
app.add_typer(system.models, name="models", rich_help_panel=_SYSTEM)
app.command(rich_help_panel=_SYSTEM)(system.doctor)
