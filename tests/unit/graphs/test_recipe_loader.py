"""Recipes: each shipped one is whole, and `--set` changes what it names or nothing."""

from __future__ import annotations

from typing import Any

import pytest
from maieutic.core.errors import UsageError
from maieutic.graphs.recipe_loader import all_recipes, apply_settings, load_recipe, parse_recipe, recipe_names
from maieutic.plugins.system.registry import Registry

FIRST = ["ape", "auto", "mars", "opro", "protegi", "random-demos"]
NAMES = recipe_names(Registry())


@pytest.fixture(scope="module")
def registry() -> Registry:
    return Registry()


def test_the_catalogue_lists_all_shipped_recipes(registry: Registry) -> None:
    assert set(FIRST) <= set(NAMES)
    assert [one.name for one in all_recipes(registry)] == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_recipe_names_plugins_that_exist_and_options_that_they_take(registry: Registry, name: str) -> None:
    recipe = load_recipe(name, registry)
    assert recipe.name == name
    assert recipe.summary
    assert recipe.paper
    assert recipe.expected_calls
    strategy = registry.create("strategy", recipe.strategy.use, **recipe.strategy.options)
    allocator = registry.create("allocator", recipe.allocator.use, **recipe.allocator.options)
    operators = [registry.create("operator", use.use, **use.options) for use in recipe.operators]
    assert all(one.calls >= 0 for one in operators)
    needed = strategy.needs | allocator.needs | frozenset().union(*(one.needs for one in operators))
    assert needed <= recipe.needs
    assert (strategy.name, allocator.name) == (recipe.strategy.use, recipe.allocator.use)


@pytest.mark.parametrize(
    ("settings", "path", "value"),
    [
        ({"strategy": "beam"}, ("strategy", "use"), "beam"),
        ({"allocator": "full"}, ("allocator", "use"), "full"),
        ({"planner": "true"}, ("planner",), True),
        ({"rounds": "3"}, ("rounds",), 3),
        ({"bandit.children": "5"}, ("strategy", "options", "children"), 5),
        ({"bandit.closing": "0.5"}, ("strategy", "options", "closing"), 0.5),
        ({"race.first": "9"}, ("allocator", "options", "first"), 9),
        ({"bandit.authors": '["rewrite"]'}, ("strategy", "options", "authors"), ["rewrite"]),
        ({"evidence": "errors,scores"}, ("evidence", "teacher"), ["rows", "hints", "errors", "scores"]),
        ({"evidence": "none"}, ("evidence", "critic"), ["rows", "hints"]),
    ],
)
def test_a_setting_changes_what_it_names(
    registry: Registry, settings: dict[str, str], path: tuple[str, ...], value: Any
) -> None:
    found: Any = apply_settings(load_recipe("auto", registry), settings).model_dump(mode="json")
    for step in path:
        found = found[step]
    assert found == value


def test_operators_keep_the_options_that_the_recipe_gave_them(registry: Registry) -> None:
    auto = load_recipe("auto", registry)
    before = next(use for use in auto.operators if use.use == "demos")
    changed = apply_settings(auto, {"operators": "demos, gradient", "demos.balanced": "false"})
    assert [use.use for use in changed.operators] == ["demos", "gradient"]
    assert changed.operators[0].weight == before.weight
    assert changed.operators[0].options == {**before.options, "balanced": False}


@pytest.mark.parametrize(
    "settings",
    [
        {"rounds": "0"},
        {"rounds": "many"},
        {"evidence": "gossip"},
        {"beam.width": "2"},
        {"bandit": "3"},
        {"bandit.": "3"},
        {"strateggy": "beam"},
        {"": "x"},
    ],
)
def test_a_setting_that_fits_nothing_is_refused(registry: Registry, settings: dict[str, str]) -> None:
    with pytest.raises(UsageError) as caught:
        apply_settings(load_recipe("auto", registry), settings)
    assert caught.value.where == "--set"


def test_nothing_set_changes_nothing(registry: Registry) -> None:
    for recipe in all_recipes(registry):
        assert apply_settings(recipe, {}) == recipe


@pytest.mark.parametrize("name", ["autoo", "", "../auto", "auto.toml", "Auto "])
def test_an_unknown_recipe_is_refused_with_the_names_there_are(registry: Registry, name: str) -> None:
    with pytest.raises(UsageError) as caught:
        load_recipe(name, registry)
    assert set(NAMES) <= set(caught.value.possible)


@pytest.mark.parametrize("text", ["name = ", 'name = "x"', 'name = "x"\nwhatever = 1'])
def test_a_recipe_that_cannot_be_read_says_where(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_recipe(text, where="recipe x")
    assert caught.value.where == "recipe x"
