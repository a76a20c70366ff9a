"""`maieutic watch`: the terminal UI on any run, live or replayed, in a terminal or a browser."""

from __future__ import annotations

import gc
import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from ..core.errors import UsageError
from .options import DEFAULT_FOLDER, Folder, is_interactive, open_store

if TYPE_CHECKING:
    from ..plugins.system.registry import Registry

Theme = Annotated[Literal["dark", "light", "contrast"], typer.Option(help="colour theme", rich_help_panel="Screen")]


def watch(
    run: Annotated[
        str | None,
        typer.Argument(metavar="[RUN]", help="an id, the beginning of one, or latest; default: all runs"),
    ] = None,
    replay: Annotated[bool, typer.Option("--replay", help="replay the log from the beginning")] = False,
    speed: Annotated[float, typer.Option(min=0.25, max=1000, help="replay speed")] = 10.0,
    web: Annotated[bool, typer.Option("--web", help="serve the UI to a browser on this machine")] = False,
    port: Annotated[int, typer.Option(min=1, max=65535, help="for --web", rich_help_panel="Screen")] = 8000,
    steer: Annotated[bool, typer.Option("--steer", help="allow steering from the browser")] = False,
    theme: Theme = "dark",
    ascii_only: Annotated[bool, typer.Option("--ascii", help="no line drawing", rich_help_panel="Screen")] = False,
    read_only: Annotated[bool, typer.Option("--read-only", help="disable directives")] = False,
    folder: Folder = DEFAULT_FOLDER,
) -> None:
    """Watch a run and steer it; it continues after you quit."""
    with open_store(folder) as store:
        if run is None and replay:
            run = "latest"
        run_id = store.run(run).id if run is not None else None
    if web:
        words = [*([run_id] if run_id else []), "--folder", str(folder), "--theme", theme]
        words += ["--replay", "--speed", f"{speed:g}"] if replay else []
        words += [] if steer else ["--read-only"]
        typer.echo(f"http://127.0.0.1:{port}  {'can steer' if steer else 'read-only'}; ctrl-c stops serving", err=True)
        _serve_web([sys.executable, "-m", "maieutic", "watch", *words], port)
        return
    run_tui(folder, run_id, read_only=read_only, replay=speed if replay else None, theme=theme, ascii_only=ascii_only)


def _serve_web(words: list[str], port: int) -> None:
    """Serve until interrupted. Each browser gets a process of its own, which reads the store."""
    from textual_serve.server import Server

    Server(shlex.join(words), host="127.0.0.1", port=port, title="maieutic").serve()


def run_tui(
    folder: Path,
    run: str | None,
    *,
    read_only: bool = False,
    replay: float | None = None,
    theme: str = "dark",
    ascii_only: bool = False,
) -> None:
    """Run the UI until the person quits. Raises UsageError without a terminal."""
    if not is_interactive() and "TEXTUAL_DRIVER" not in os.environ:
        raise UsageError(
            "the terminal UI needs a terminal", remedy="use maieutic show RUN --json, or --web for a browser"
        )
    gc.disable()  # imported modules stay; collecting among them only delays the first frame
    from ..tui.app import MaieuticApp, use_ascii

    gc.freeze()
    gc.enable()
    MaieuticApp(
        folder,
        run=run,
        read_only=read_only,
        listing=list_recipes_and_plugins,
        replay=replay,
        theme=theme,
        ascii_only=ascii_only or use_ascii(),
    ).run()


def list_recipes_and_plugins() -> dict[str, Any]:
    """Recipes and plugins as plain data, since the UI may not import them."""
    from .options import load_registry

    registry = load_registry(None, no_plugins=False)
    return {"recipes": _recipe_rows(registry), "plugins": _plugin_rows(registry)}


def _recipe_rows(registry: Registry) -> list[dict[str, Any]]:
    from ..graphs.recipe_loader import all_recipes

    return [
        {
            "name": recipe.name,
            "summary": recipe.summary,
            "paper": recipe.paper,
            "needs": sorted(recipe.needs),
            "expected_calls": recipe.expected_calls,
            "strategy": recipe.strategy.use,
            "allocator": recipe.allocator.use,
            "operators": [operator.use for operator in recipe.operators],
            "differs": recipe.differs,
        }
        for recipe in all_recipes(registry)
    ]


def _plugin_rows(registry: Registry) -> list[dict[str, Any]]:
    from ..plugins.system.hookspecs import HOOKS

    return [
        {
            "kind": kind,
            "name": name,
            "summary": entry.summary,
            "needs": sorted(entry.needs),
            "distribution": f"{entry.plugin.distribution} {entry.plugin.version}".strip(),
        }
        for kind in HOOKS
        if kind != "recipe"
        for name in registry.names(kind)
        for entry in [registry.describe(kind, name)]
    ]
