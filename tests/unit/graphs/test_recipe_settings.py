"""What `--set` is shown with in the documents holds, and what does not fit is refused in one block."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import pytest
from maieutic.core.errors import UsageError
from maieutic.graphs.recipe_loader import apply_settings, load_recipe, recipe_names
from maieutic.plugins.system.registry import Registry

ROOT = Path(__file__).parents[3]
NAMES = recipe_names(Registry())
SHOWN = re.compile(r"""--set (?:'([^']+)'|([\w-]+(?:\.[\w-]+)?=[\w.,-]+))""")
OF_A_PLUGIN = "tutorial-plugin.md"  # it sets what the reader has just written
OF_A_MEASURE = "maieutic measure"  # its settings are of no recipe


def settings_shown() -> Iterator[tuple[str, dict[str, str]]]:
    """(recipe, settings) for each line of a document, and each recipe's own words, that shows some."""
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        for line in page.read_text(encoding="utf-8").splitlines() if page.name != OF_A_PLUGIN else ():
            if OF_A_MEASURE in line:
                continue
            named = re.search(r"--recipe ([\w-]+)", line)
            yield from (((named[1] if named else ""), one) for one in _of(line))
    for entry in (resources.files("maieutic.graphs") / "recipes").iterdir():
        if entry.name.endswith(".toml"):
            text = entry.read_text(encoding="utf-8")
            yield from ((entry.name.removesuffix(".toml"), one) for one in _of(text))


def _of(text: str) -> Iterator[dict[str, str]]:
    """Those that stand in one command or one line are set together; what is only sketched is left out."""
    for command in re.split(r"`(?!`)|\n(?!--set)", text):
        found = [(quoted or plain).rstrip(".,").partition("=") for quoted, plain in SHOWN.findall(command)]
        if known := {key: value for key, _, value in found if "…" not in value and value != "FORM"}:
            yield known


SHOWN_SETTINGS = sorted({(recipe, tuple(given.items())) for recipe, given in settings_shown()})


def test_the_documents_show_some() -> None:
    keys = {key for _, given in SHOWN_SETTINGS for key, _ in given}
    assert {"strategy", "operators", "judge", "slots", "genetic.parents", "technique.names"} <= keys


@pytest.mark.parametrize(("recipe", "given"), SHOWN_SETTINGS)
def test_a_setting_that_is_shown_can_be_made(recipe: str, given: tuple[tuple[str, str], ...]) -> None:
    """In the recipe beside which it stands, with the strategy whose option it is where the recipe has another."""
    registry = Registry()
    strategies = {_part(key) for key, _ in given if "." in key and registry.has("strategy", _part(key))}
    tries = [dict(given), *({"strategy": one, **dict(given)} for one in strategies)]
    assert any(_takes(name, one, registry) for one in tries for name in ([recipe] if recipe else NAMES))


def _part(key: str) -> str:
    return key.partition(".")[0]


def _takes(name: str, settings: dict[str, str], registry: Registry) -> bool:
    try:
        changed = apply_settings(load_recipe(name, registry), settings)
    except UsageError:
        return False
    registry.create("strategy", changed.strategy.use, **changed.strategy.options)
    registry.create("allocator", changed.allocator.use, **changed.allocator.options)
    return all(registry.create("operator", use.use, **use.options) for use in changed.operators)


@pytest.mark.parametrize(
    "settings",
    [
        {"strategy": "genetic", "genetic.parents": "tournament"},
        {"genetic.parents": "tournament", "strategy": "genetic"},
    ],
)
def test_an_option_of_a_part_that_was_set_counts_in_either_order(settings: dict[str, str]) -> None:
    changed = apply_settings(load_recipe("plum", Registry()), settings)
    assert (changed.strategy.use, changed.strategy.options) == ("genetic", {"parents": "tournament"})


@pytest.mark.parametrize(
    ("settings", "said", "possible"),
    [
        ({"planner": "maybe"}, "planner=maybe is neither", "true"),
        ({"planner": "1"}, "planner=1 is neither", "false"),
        ({"rounds": "0"}, "rounds=0 should be greater than 0", None),
        ({"rounds": "true"}, "rounds=true should be", None),
        ({"slots": "foo"}, "slots=foo is none of", "in-turn"),
        ({"evidence": "gossip"}, "evidence=gossip is none of", "errors"),
    ],
)
def test_a_switch_that_does_not_fit_is_told_in_plain_words(
    settings: dict[str, str], said: str, possible: str | None
) -> None:
    with pytest.raises(UsageError) as caught:
        apply_settings(load_recipe("auto", Registry()), settings)
    assert said in caught.value.what
    assert "pydantic" not in str(caught.value)
    assert possible is None or possible in caught.value.possible
