"""`maieutic recipes`, and recipes and plugins as data for the terminal UI."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from .completion import complete_recipes
from .lookup import load_registry
from .options import AsJson, NoPlugins
from .output import print_json, print_table
from .printer import echo, secho

if TYPE_CHECKING:
    from ..core.recipe import Recipe


def recipes(
    name: Annotated[
        str | None, typer.Argument(help="show this recipe in detail", autocompletion=complete_recipes)
    ] = None,
    as_json: AsJson = False,
    no_plugins: NoPlugins = False,
) -> None:
    """List the recipes and their papers."""
    from ..graphs.recipe_loader import all_recipes, load_recipe

    registry = load_registry(no_plugins=no_plugins)
    if name is not None:
        recipe = load_recipe(name, registry)
        if as_json:
            print_json(recipe.model_dump(mode="json"))
        else:
            _print_recipe(recipe)
        return
    columns = ("name", "paper", "needs", "expected_calls", "summary")
    rows = [{column: row[column] for column in columns} for row in map(_recipe_row, all_recipes(registry))]
    if as_json:
        print_json(rows)
    else:
        cells = [{**row, "needs": ", ".join(row["needs"])} for row in rows]
        print_table(cells, ["name", "needs", "summary", "paper"], omit=("paper", "needs"), wrap=("summary", "needs"))


def list_recipes_and_plugins() -> dict[str, Any]:
    """For the terminal UI, which must not import the plugins itself."""
    from ..graphs.recipe_loader import all_recipes
    from ..plugins.system.hookspecs import HOOKS

    registry = load_registry()
    kinds = [kind for kind in HOOKS if kind != "recipe"]
    return {
        "recipes": [_recipe_row(recipe) for recipe in all_recipes(registry)],
        "plugins": [
            {
                "kind": kind,
                "name": name,
                "summary": entry.summary,
                "needs": sorted(entry.needs),
                "distribution": f"{entry.plugin.distribution} {entry.plugin.version}".strip(),
            }
            for kind in kinds
            for name in registry.names(kind)
            for entry in [registry.describe(kind, name)]
        ],
    }


def _print_recipe(recipe: Recipe) -> None:
    secho(f"{recipe.name}: {recipe.summary}", bold=True)
    for label, text in (
        ("paper", recipe.paper),
        ("calls", recipe.expected_calls),
        ("needs", ", ".join(sorted(recipe.needs)) or "nothing beyond the task"),
        ("strategy", recipe.strategy.use),
        ("allocator", recipe.allocator.use),
        ("operators", ", ".join(operator.use for operator in recipe.operators)),
        ("planner", "yes" if recipe.planner else "no"),
        ("differs", recipe.differs),
    ):
        if text:
            echo(f"{label:<10} {text}")


def _recipe_row(recipe: Recipe) -> dict[str, Any]:
    return {
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
