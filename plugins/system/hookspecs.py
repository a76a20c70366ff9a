"""The hooks of the plugin system. A plugin is a module, named by an entry point of the group `maieutic`:

from maieutic.plugin import hookimpl

api = 1

@hookimpl
def maieutic_evaluators(register):
    register("politeness", Politeness)
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Literal, Protocol

import pluggy

from ...core.protocols import Need

ENTRY_POINT_GROUP = "maieutic"
API_VERSION = 1
"""The version of the plugin contract. A plugin written for a newer one is refused, with both numbers."""

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
    "measure",
    "perturber",
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
    "measure": "maieutic_measures",
    "perturber": "maieutic_perturbers",
}

hookspec = pluggy.HookspecMarker(ENTRY_POINT_GROUP)
hookimpl = pluggy.HookimplMarker(ENTRY_POINT_GROUP)


class Register(Protocol):
    """The function that a hook receives as its argument `register`."""

    def __call__(
        self,
        name: str,
        factory: Callable[..., object] | str,
        *,
        summary: str = "",
        needs: Collection[Need] | None = None,
        seconds: float | None = None,
    ) -> None:
        """Register a name.

        Args:
            name: The name that tasks and recipes write.
            factory: Makes the object from the options of a task or recipe, passed by keyword. As
                "package.module:Class" it is imported when the name is first used.
            summary: One line for listings; the first sentence of the factory's docstring where it is empty.
            needs: What a run must have; the factory's class attribute `needs` where it is None.
            seconds: The time limit of one call, where the usual two minutes are too short.
        """
        ...


@hookspec
def maieutic_evaluators(register: Register) -> None:
    """Register evaluators: `Evaluator`, `AskingEvaluator`, `PairEvaluator` or `LossEvaluator`."""


@hookspec
def maieutic_operators(register: Register) -> None:
    """Register operators (`Operator`)."""


@hookspec
def maieutic_strategies(register: Register) -> None:
    """Register strategies (`Strategy`)."""


@hookspec
def maieutic_allocators(register: Register) -> None:
    """Register allocators (`Allocator`)."""


@hookspec
def maieutic_targets(register: Register) -> None:
    """Register targets (`Target`)."""


@hookspec
def maieutic_loaders(register: Register) -> None:
    """Register loaders of examples (`Loader`)."""


@hookspec
def maieutic_exporters(register: Register) -> None:
    """Register exporters (`Exporter`): formats of other programs."""


@hookspec
def maieutic_recipes(register: Register) -> None:
    """Register recipes: factories without arguments that return a `Recipe`, or the text of its TOML."""


@hookspec
def maieutic_executors(register: Register) -> None:
    """Register executors (`Executor`): where examples are measured."""


@hookspec
def maieutic_agents(register: Register) -> None:
    """Register agents (`Agent`): who answers for a role of the team in place of the default."""


@hookspec
def maieutic_observers(register: Register) -> None:
    """Register observers (`Observer`): who receives the events of a run."""


@hookspec
def maieutic_measures(register: Register) -> None:
    """Register measures (`Measure`): figures of a program on examples."""


@hookspec
def maieutic_perturbers(register: Register) -> None:
    """Register perturbers: `PromptPerturber` or `ExamplePerturber`."""
