"""`maieutic plugins`: list, show, create and check plugins."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..core.errors import PluginError
from .lookup import load_registry
from .options import AsJson, NoPlugins
from .output import print_json, print_table
from .printer import echo

plugins = typer.Typer(help="List, show, create and check plugins.", no_args_is_help=False)


@plugins.callback(invoke_without_command=True)
def plugins_callback(context: typer.Context, as_json: AsJson = False) -> None:
    """List, show, create and check plugins."""
    if context.invoked_subcommand is None:
        list_plugins(as_json=as_json)


@plugins.command("list")
def list_plugins(
    as_json: AsJson = False,
    load: Annotated[bool, typer.Option("--load", help="import each plugin, to find broken ones")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="fail if a plugin is broken")] = False,
    no_plugins: NoPlugins = False,
) -> None:
    """List the installed plugins from their metadata, without importing them."""
    from ..plugins.system.registry import Registry

    registry = Registry.load([] if no_plugins else None, strict=strict or None)
    if load:
        registry.entries()
    errors = {failure.plugin: f"{failure.stage}: {failure.error}" for failure in registry.failures}
    rows = [
        {
            "name": plugin.name,
            "distribution": plugin.distribution,
            "version": plugin.version,
            "state": plugin.state,
            "error": errors.get(plugin.name) if plugin.state == "failed" else None,
        }
        for plugin in registry.plugins()
    ]
    if as_json:
        print_json(rows)
    else:
        print_table([{**row, "error": row["error"] or ""} for row in rows], list(rows[0]))


@plugins.command("show")
def show_plugin(
    name: Annotated[str, typer.Argument(help="distribution, plugin or ./file.py")], as_json: AsJson = False
) -> None:
    """Show the names that a plugin registers, and their requirements."""
    registry = load_registry()
    if name == "maieutic":
        entries = [entry for entry in registry.entries() if not entry.plugin.third_party]
    else:
        registry.require([name])
        entries = registry.entries(name)
    rows = [
        {"kind": entry.kind, "name": entry.name, "needs": sorted(entry.needs), "summary": entry.summary}
        for entry in entries
    ]
    if as_json:
        print_json(rows)
    else:
        print_table([{**row, "needs": ", ".join(row["needs"])} for row in rows], ["kind", "name", "needs", "summary"])


@plugins.command("new")
def new_plugin(
    name: Annotated[str, typer.Argument(help="name of the new distribution")],
    folder: Annotated[Path, typer.Option(help="parent folder of the project")] = Path(),
) -> None:
    """Create a plugin project with working examples and tests."""
    from ..testing.scaffold import write_project

    project = write_project(name, folder)
    steps = [f"cd {project}", "pip install -e '.[test]'", "pytest", f"maieutic plugins check {project.name}"]
    echo("\n  ".join([f"wrote {project}\n\nnext:", *steps]))


@plugins.command("check")
def check_plugin(
    name: Annotated[str, typer.Argument(help="distribution, plugin or ./file.py")],
    as_json: AsJson = False,
    seconds: Annotated[float, typer.Option(min=0.1, help="max seconds per test")] = 60.0,
) -> None:
    """Run the conformance kit on a plugin."""
    from ..testing import plugin_check

    rows = plugin_check.check_plugin(name, seconds=seconds)
    if as_json:
        print_json(rows)
    else:
        print_table(rows, ["kind", "name", "test", "result"])
    if failed := [row for row in rows if row["result"].startswith("broken")]:
        raise PluginError(
            f"{len(failed)} of {len(rows)} checks failed",
            where=name,
            remedy="correct the plugin; the source of each test is in maieutic.testing.conformance",
        )
