"""Whether the parts of a recipe fit each other; checked before a run is recorded."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from ..core.errors import MaieuticError, NeedsError, PluginError, TaskError, UsageError
from ..core.evaluator_protocols import AskingEvaluator, Evaluator, LossEvaluator, PairEvaluator
from ..core.program import Program
from ..core.protocols import PROSE_ONLY, Operator, RequiresOperators, RestrictsOperators, Strategy, kinds_of
from ..core.recipe import PluginRef
from ..plugins.system.registry import Registry

# Role of an evaluator → what one does that cannot fill it, and the contracts that can.
_EVALUATOR_ROLES: Mapping[str, tuple[str, tuple[Any, ...]]] = {
    "judge": ("compare two outputs", (PairEvaluator,)),
    "loss": ("score losses", (LossEvaluator,)),
    "scorer": ("score one output", (Evaluator, AskingEvaluator)),
    "evaluators": ("score one output", (Evaluator, AskingEvaluator)),
}


def create_evaluator(role: str, registry: Registry, use: PluginRef) -> Any:
    """The evaluator that a recipe or task names for a role. Raises UsageError for one that cannot fill it."""
    evaluator = _create(registry, use)
    task, contracts = _EVALUATOR_ROLES[role]
    if not isinstance(evaluator, contracts):
        raise UsageError(
            f"evaluator {use.use!r} cannot be used as {role.removesuffix('s')}: it does not {task}",
            where=role,
            possible=[name for name in registry.names("evaluator") if _implements(registry, name, contracts)],
            remedy="name one of these",
        )
    return evaluator


def check_operators(strategy: Strategy, operators: Collection[str]) -> None:
    """Raise NeedsError where the strategy requires an operator that the run lacks, or forbids one that it has."""
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
    if forbidden := [name for name in operators if name not in allowed]:
        names = ", ".join(map(repr, forbidden))
        raise NeedsError(
            f"strategy {strategy.name!r} does not allow operator {names}: it would void the privacy guarantee",
            where="operators",
            possible=sorted(allowed),
            remedy="leave it out, or use a strategy without that guarantee",
        )


def check_kinds(program: Program, operators: Mapping[str, Operator]) -> None:
    """Raise UsageError where a text of the program has no operator that works on its kind, or an operator no text."""
    kinds = {name: prompt.kind for name, prompt in program.prompts.items()}
    working = {name: kinds_of(operator) for name, operator in operators.items()}
    writes_prose = set(kinds.values()) <= PROSE_ONLY
    remedy = "choose a recipe of operators that do: --recipe gepa, or --set operators=reflect,merge"
    for name, kind in kinds.items():
        if operators and not writes_prose and not any(kind in those for those in working.values()):
            raise UsageError(
                f"no operator of this run works on the {kind} {name!r}",
                where="operators",
                possible=sorted(working),
                remedy=remedy,
            )
    idle = sorted(name for name, those in working.items() if those.isdisjoint(kinds.values()))
    if idle:
        theirs = sorted({kind for name in idle for kind in working[name]})
        raise UsageError(
            f"the operators {', '.join(idle)} work on {' and '.join(theirs)} alone, "
            f"and the program has {', '.join(sorted(set(kinds.values())))}",
            where="operators",
            possible=sorted(set(working) - set(idle)),
            remedy="choose another recipe, or give the program such a text" if writes_prose else remedy,
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
    except MaieuticError:  # it requires options, or a library that is not installed
        return False
