"""Whether the parts of a recipe fit each other; asked before a run is recorded."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from ..core.errors import MaieuticError, NeedsError, PluginError, TaskError, UsageError
from ..core.protocols import (
    AskingEvaluator,
    Evaluator,
    LossEvaluator,
    PairEvaluator,
    RequiresOperators,
    RestrictsOperators,
    Strategy,
)
from ..core.recipe import PluginRef
from ..plugins.system.registry import Registry

_EVALUATOR_ROLES: Mapping[str, tuple[str, tuple[Any, ...]]] = {
    "judge": ("compares two outputs", (PairEvaluator,)),
    "loss": ("tells losses", (LossEvaluator,)),
    "scorer": ("scores one output", (Evaluator, AskingEvaluator)),
    "evaluators": ("scores one output", (Evaluator, AskingEvaluator)),
}


def create_evaluator(place: str, registry: Registry, use: PluginRef) -> Any:
    """The evaluator that a recipe or task names for a place. Raises UsageError for one that does something else."""
    made = _create(registry, use)
    does, contracts = _EVALUATOR_ROLES[place]
    if not isinstance(made, contracts):
        raise UsageError(
            f"the evaluator {use.use!r} cannot be the {place.removesuffix('s')}: it is none that {does}",
            where=place,
            possible=[name for name in registry.names("evaluator") if _implements(registry, name, contracts)],
            remedy="name one of these",
        )
    return made


def check_operators(strategy: Strategy, operators: Collection[str]) -> None:
    """Raise NeedsError where the strategy orders an operator that the run does not have, or allows none that it has."""
    required = strategy.requires if isinstance(strategy, RequiresOperators) else frozenset()
    if missing := sorted(required - set(operators)):
        names = ", ".join(map(repr, missing))
        raise NeedsError(
            f"the strategy {strategy.name!r} needs the operator {names}, which this run does not have",
            where="operators",
            possible=tuple(operators),
            remedy=f"add it: --set operators={','.join([*operators, *missing])}",
        )
    allowed = strategy.allows if isinstance(strategy, RestrictsOperators) else frozenset(operators)
    if strange := [name for name in operators if name not in allowed]:
        names = ", ".join(map(repr, strange))
        raise NeedsError(
            f"the strategy {strategy.name!r} cannot keep its promise with the operator {names}",
            where="operators",
            possible=sorted(allowed),
            remedy="leave it out, or take a strategy that does not promise that",
        )


def _create(registry: Registry, use: PluginRef) -> Any:
    """A file of the user's own that cannot be imported is a mistake in the task, not a plugin that failed."""
    try:
        return registry.create("evaluator", use.use, **use.options)
    except PluginError as error:
        if registry.describe("evaluator", use.use).plugin.third_party:
            raise
        raise TaskError(error.what, where=error.where, possible=error.possible, remedy=error.remedy) from error


def _implements(registry: Registry, name: str, contracts: tuple[Any, ...]) -> bool:
    try:
        return isinstance(registry.create("evaluator", name), contracts)
    except MaieuticError:  # it wants options of its own, or a library that is not here
        return False
