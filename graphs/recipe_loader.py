"""The recipes that are installed, and how `--set` changes one."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib import resources
from typing import Any

from pydantic import ValidationError

from ..core.error_messages import did_you_mean, validation_location, validation_message
from ..core.errors import UsageError
from ..core.recipe import Recipe
from ..plugins.system.registry import Registry

_SETTING_NAMES = (
    "strategy",
    "allocator",
    "judge",
    "operators",
    "planner",
    "plans",
    "rounds",
    "slots",
    "evidence",
    "grows",
)


def recipe_names(registry: Registry) -> list[str]:
    shipped = [entry.name.removesuffix(".toml") for entry in _recipe_folder().iterdir() if entry.name.endswith(".toml")]
    return sorted({*shipped, *registry.names("recipe")})


def all_recipes(registry: Registry) -> list[Recipe]:
    return [load_recipe(name, registry) for name in recipe_names(registry)]


def load_recipe(name: str, registry: Registry) -> Recipe:
    """A shipped recipe or a plugin's. Raises UsageError for an unknown name, with the nearest."""
    entry = _recipe_folder() / f"{name}.toml"
    if name.replace("-", "").isalnum() and entry.is_file():
        return parse_recipe(entry.read_text(encoding="utf-8"), where=f"recipe {name}")
    if registry.has("recipe", name):
        return parse_recipe(str(registry.create("recipe", name)), where=f"recipe {name}")
    names = recipe_names(registry)
    raise UsageError(f"there is no recipe {name!r}", possible=names, remedy=did_you_mean(name, names))


def parse_recipe(text: str, *, where: str) -> Recipe:
    try:
        return Recipe.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"the recipe cannot be read: {error}", where=where) from error
    except ValidationError as error:
        message, possible = validation_message(error)
        location = validation_location(error)
        raise UsageError(f"the recipe cannot be read: {location} {message}", where=where, possible=possible) from error


def apply_settings(recipe: Recipe, settings: Mapping[str, str]) -> Recipe:
    """The recipe with `--set` pairs applied, in any order: parts are chosen first, then their options are set.

    `strategy=NAME`, `allocator=NAME`, `judge=NAME`, `operators=A,B`, `planner=true`, `plans=edits`, `rounds=3`,
    `slots=in-turn`, `grows=none` (the published schedule, whatever budget is left), `evidence=errors` (which
    measurements all roles may read: errors, scores, history, or none), `instruction.ROLE.SKILL=FILE` (an instruction
    file in place of the shipped one), and `PLUGIN.option=value` for the options of a strategy, allocator, judge or
    operator in use. Raises UsageError for anything else.
    """
    data = recipe.model_dump(mode="json")
    for key, value in settings.items():
        if key in ("strategy", "allocator", "judge"):
            data[key] = {"use": value}
        elif key == "operators":
            by_name = {use["use"]: use for use in data["operators"]}
            names = [name.strip() for name in value.split(",")]
            data["operators"] = [by_name.get(name, {"use": name}) for name in names]
        elif key in ("planner", "plans", "rounds", "slots", "grows"):
            data[key] = _parse_value(value)
        elif key == "evidence":
            kinds = ["rows", "hints", *([] if value == "none" else value.split(","))]
            data["evidence"] = dict.fromkeys(("planner", "teacher", "critic", "student"), kinds)
    if "rounds" in settings and "grows" not in settings:
        # Whoever limits the rounds wants no more of them.
        data["grows"] = "none"
    for key, value in settings.items():
        if key not in _SETTING_NAMES:
            _set_option(data, key, value)
    try:
        return Recipe.model_validate(data)
    except ValidationError as error:
        raise _setting_error(error, settings) from error


def _set_option(data: dict[str, Any], key: str, value: str) -> None:
    plugin, _, option = key.partition(".")
    if plugin == "instruction" and option.count(".") == 1:
        data["agents"] = {**data["agents"], option: {"use": "instruction", "options": {"file": value}}}
        return
    uses = [data["strategy"], data["allocator"], *([data["judge"]] if data["judge"] else []), *data["operators"]]
    for use in uses:
        if option and use["use"] == plugin:
            use["options"] = {**use.get("options", {}), option: _parse_value(value)}
            return
    names = [*_SETTING_NAMES, *(f"{use['use']}.OPTION" for use in uses)]
    raise UsageError(
        f"unknown setting {key!r} for this recipe",
        where="--set",
        possible=names,
        remedy=did_you_mean(key, names) or "choose the part as well, for example --set strategy=NAME",
    )


def _setting_error(error: ValidationError, settings: Mapping[str, str]) -> UsageError:
    key = validation_location(error).partition(".")[0]
    message, possible = validation_message(error)
    return UsageError(
        f"{key}={settings.get(key, '')} {message}",
        where="--set",
        possible=possible,
        remedy="give a value that fits; maieutic recipes NAME shows what a recipe is made of",
    )


def _parse_value(value: str) -> Any:
    """A TOML value; text that is none stays text."""
    try:
        return tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return value


def _recipe_folder() -> Any:
    return resources.files(f"{__package__}.recipes")
