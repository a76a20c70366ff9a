"""`maieutic plugins`: list, show, create and check plugins."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..core.error_messages import did_you_mean
from ..core.errors import PluginError, UsageError
from .completion import complete_parts
from .lookup import load_registry
from .options import AsJson, NoPlugins
from .output import print_json, print_table
from .printer import echo, secho

if TYPE_CHECKING:
    from ..plugins.system.registry import Registration, Registry

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
    name: Annotated[
        str,
        typer.Argument(
            help="distribution, plugin, ./file.py, or a part: beam, evaluator:exact", autocompletion=complete_parts
        ),
    ],
    as_json: AsJson = False,
) -> None:
    """Show what a plugin registers, or what options a part takes."""
    registry = load_registry()
    if name == "maieutic":
        entries = [entry for entry in registry.entries() if not entry.plugin.third_party]
    elif not name.endswith(".py") and (parts := registry.registrations(name)):
        _show_parts(registry, parts, as_json=as_json)
        return
    else:
        try:
            registry.require([name])
        except UsageError as error:
            raise _with_part_names(registry, name, error) from error
        entries = registry.entries(name)
    rows = [
        {"kind": entry.kind, "name": entry.name, "needs": sorted(entry.needs), "summary": entry.summary}
        for entry in entries
    ]
    if as_json:
        print_json(rows)
    else:
        cells = [{**row, "needs": ", ".join(row["needs"])} for row in rows]
        print_table(cells, ["name", "kind", "needs", "summary"], omit=("needs",), wrap=("summary",))


def _show_parts(registry: Registry, parts: Sequence[Registration], *, as_json: bool) -> None:
    """Every part of a name, with its options."""
    described: list[dict[str, Any]] = [
        {
            "kind": part.kind,
            "name": part.name,
            "distribution": part.plugin.distribution,
            "needs": sorted(part.needs),
            "summary": part.summary,
            "options": [vars(option) for option in registry.option_help(part.kind, part.name)],
        }
        for part in parts
    ]
    if as_json:
        print_json(described)
        return
    for part in described:
        secho(f"{part['kind']} {part['name']}: {part['summary']}", bold=True)
        if part["needs"]:
            echo(f"needs {', '.join(part['needs'])}")
        if not part["options"]:
            echo("no options")
            continue
        rows = [{**option, "default": option["default"] or "(required)"} for option in part["options"]]
        print_table([{**row, "option": row["name"]} for row in rows], ["option", "type", "default"], wrap=("type",))


def _with_part_names(registry: Registry, name: str, error: UsageError) -> UsageError:
    """The error with the closest name of a part, where one is meant."""
    names = sorted({entry.name for entry in registry.entries()})
    remedy = did_you_mean(name, names)
    return UsageError(error.what, where=error.where, possible=error.possible, remedy=remedy) if remedy else error


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
