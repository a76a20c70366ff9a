"""All hooks on one screen. A plugin is a module, named by an entry point of the group `maieutic`, like this:

from maieutic.plugins.system.hookspecs import hookimpl

api = 1

@hookimpl
def maieutic_evaluators(register):
    register("politeness", Politeness, summary="share of polite words")
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Literal, Protocol

import pluggy

from ...core.protocols import Need

ENTRY_POINT_GROUP = "maieutic"
API_VERSION = 1
"""The version of the contract. A plugin that was written for a newer one is refused, with both numbers."""

Kind = Literal[
    "evaluator",
    "operator",
    "strategy",
    "allocator",
    "target",
    "loader",
    "exporter",
    "recipe",
    "executor",
    "agent",
    "observer",
]
HOOKS: dict[Kind, str] = {
    "evaluator": "maieutic_evaluators",
    "operator": "maieutic_operators",
    "strategy": "maieutic_strategies",
    "allocator": "maieutic_allocators",
    "target": "maieutic_targets",
    "loader": "maieutic_loaders",
    "exporter": "maieutic_exporters",
    "recipe": "maieutic_recipes",
    "executor": "maieutic_executors",
    "agent": "maieutic_agents",
    "observer": "maieutic_observers",
}

hookspec = pluggy.HookspecMarker(ENTRY_POINT_GROUP)
hookimpl = pluggy.HookimplMarker(ENTRY_POINT_GROUP)


class Register(Protocol):
    def __call__(
        self,
        name: str,
        factory: Callable[..., object] | str,
        *,
        summary: str = "",
        needs: Collection[Need] | None = None,
        seconds: float | None = None,
    ) -> None:
        """Offer `name`. `factory` makes the object from the options of a task or recipe, given by keyword; as
        "package.module:Class" it is imported when the name is first used. `needs` is what a run must have. `seconds`
        is how long one call may take of its own time, where two minutes are too short."""
        ...


@hookspec
def maieutic_evaluators(register: Register) -> None:
    """Offer evaluators (`core.contracts.Evaluator`, `PairEvaluator`, `LossEvaluator`)."""


@hookspec
def maieutic_operators(register: Register) -> None:
    """Offer operators (`core.contracts.Operator`)."""


@hookspec
def maieutic_strategies(register: Register) -> None:
    """Offer strategies (`core.contracts.Strategy`)."""


@hookspec
def maieutic_allocators(register: Register) -> None:
    """Offer allocators (`core.contracts.Allocator`)."""


@hookspec
def maieutic_targets(register: Register) -> None:
    """Offer targets (`core.contracts.Target`)."""


@hookspec
def maieutic_loaders(register: Register) -> None:
    """Offer loaders of rows (`plugins.loaders.Loader`)."""


@hookspec
def maieutic_exporters(register: Register) -> None:
    """Offer exporters: ways to write a prompt down for another program."""


@hookspec
def maieutic_recipes(register: Register) -> None:
    """Offer recipes: factories without arguments that give a `core.recipe.Recipe`, or the text of its TOML."""


@hookspec
def maieutic_executors(register: Register) -> None:
    """Offer executors: where measurements are run (`core.work.Executor`)."""


@hookspec
def maieutic_agents(register: Register) -> None:
    """Offer agents: what stands behind a role of the team, in place of the shipped (`core.contracts.Agent`)."""


@hookspec
def maieutic_observers(register: Register) -> None:
    """Offer observers: who hears a run and its end (`core.observing.Observer`)."""
