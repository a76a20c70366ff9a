"""`maieutic plugins`: who is there, what each offers, a new one, and whether one keeps its contracts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..core.errors import PluginError
from .options import AsJson, NoPlugins, print_json

plugins = typer.Typer(help="Plugins: list, show, start a new one, check one.", no_args_is_help=False)


@plugins.callback(invoke_without_command=True)
def plugins_callback(context: typer.Context, as_json: AsJson = False) -> None:
    """Plugins: list, show, start a new one, check one."""
    if context.invoked_subcommand is None:
        list_plugins(as_json=as_json)


@plugins.command("list")
def list_plugins(
    as_json: AsJson = False,
    load: Annotated[bool, typer.Option("--load", help="import each, so that broken ones show")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="a broken one is an error")] = False,
    no_plugins: NoPlugins = False,
) -> None:
    """The plugins installed here, from their metadata; none is imported unless asked for."""
    from ..plugins.system.registry import Registry
    from .tables import print_table

    registry = Registry.load([] if no_plugins else None, strict=strict or None)
    if load:
        registry.entries()
    said = {one.plugin: f"{one.stage}: {one.error}" for one in registry.failures}
    rows = [
        {
            "name": one.name,
            "distribution": one.distribution,
            "version": one.version,
            "state": one.state,
            "error": said.get(one.name) if one.state == "failed" else None,
        }
        for one in registry.plugins()
    ]
    if as_json:
        print_json(rows)
    else:
        print_table([{**row, "error": row["error"] or ""} for row in rows], list(rows[0]))


@plugins.command("show")
def show_plugin(
    name: Annotated[str, typer.Argument(help="a distribution, a plugin or ./file.py")], as_json: AsJson = False
) -> None:
    """What one plugin offers, with what each name needs."""
    from ..plugins.system.registry import Registry
    from .tables import print_table

    registry = Registry.load()
    if name == "maieutic":
        entries = [one for one in registry.entries() if not one.plugin.third_party]
    else:
        registry.require([name])
        entries = registry.entries(name)
    rows = [{"kind": one.kind, "name": one.name, "needs": sorted(one.needs), "summary": one.summary} for one in entries]
    if as_json:
        print_json(rows)
    else:
        print_table([{**row, "needs": ", ".join(row["needs"])} for row in rows], ["kind", "name", "needs", "summary"])


@plugins.command("new")
def new_plugin(
    name: Annotated[str, typer.Argument(help="the new distribution's name")],
    folder: Annotated[Path, typer.Option(help="where its folder is made")] = Path(),
) -> None:
    """Write a plugin project with an evaluator, an operator and a strategy, and tests that pass."""
    from ..testing.scaffold import write_project

    made = write_project(name, folder)
    steps = [f"cd {made}", "pip install -e '.[test]'", "pytest", f"maieutic plugins check {made.name}"]
    typer.echo("\n  ".join([f"wrote {made}\n\nnext:", *steps]))


@plugins.command("check")
def check_plugin(
    name: Annotated[str, typer.Argument(help="a distribution, a plugin or ./file.py")],
    as_json: AsJson = False,
    seconds: Annotated[float, typer.Option(min=0.1, help="how long one test may take")] = 60.0,
) -> None:
    """Hold all that a plugin offers to the conformance kit."""
    from ..testing.plugin_check import check_plugin
    from .tables import print_table

    rows = check_plugin(name, seconds=seconds)
    if as_json:
        print_json(rows)
    else:
        print_table(rows, ["kind", "name", "test", "result"])
    if broken := [row for row in rows if row["result"].startswith("broken")]:
        raise PluginError(
            f"{len(broken)} of {len(rows)} checks are not kept",
            where=name,
            remedy="correct the plugin; each test's source in maieutic.testing.conformance says what is wanted",
        )
