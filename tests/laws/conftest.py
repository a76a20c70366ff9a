"""Whole runs, in process and as processes of their own, against two endpoints that count: target and optimizer."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from maieutic.core.events import Event
from maieutic.graphs.recipe_loader import all_recipes
from maieutic.plugins.system.registry import Registry
from maieutic.testing.run_harness import RunHarness, RunSummary, events_of

SIX_RECIPES = ("auto", "protegi", "gepa", "mipro", "capo", "mop")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A guarantee that takes `any_recipe` holds for every recipe there is; six stand for all where time is short."""
    if "any_recipe" in metafunc.fixturenames:
        # Without those for descriptions of tools: the program of these runs is a prompt.
        names = {recipe.name for recipe in all_recipes(Registry.load()) if "schema" not in recipe.needs}
        others = sorted(names - set(SIX_RECIPES))
        slow = [pytest.param(name, marks=pytest.mark.slow) for name in others]
        metafunc.parametrize("any_recipe", [*SIX_RECIPES, *slow])


@pytest.fixture(scope="module")
def _endpoints(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunHarness]:
    with RunHarness.open(tmp_path_factory.mktemp("runs"), key_env="STUB_KEY") as harness:
        yield harness


@pytest.fixture
def harness(_endpoints: RunHarness, monkeypatch: pytest.MonkeyPatch) -> RunHarness:
    monkeypatch.setenv("STUB_KEY", "anything")
    monkeypatch.setenv("MAIEUTIC_NOISE_KEY", "so that noise is drawn alike")
    _endpoints.reset()
    return _endpoints


@pytest.fixture
def summary() -> Callable[..., RunSummary]:
    return RunSummary.of


@pytest.fixture
def log() -> Callable[..., list[Event]]:
    return events_of
