"""The conformance kit without pytest, for `maieutic plugins check`."""

from __future__ import annotations

from collections.abc import Mapping
from inspect import Parameter
from typing import Any

from ..core.errors import MaieuticError
from ..plugins.system.hookspecs import Kind
from ..plugins.system.registration import Registration
from ..plugins.system.registry import Registry
from . import conformance as kit

_NAMED = (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)
_CONFORMANCE: Mapping[Kind, type[kit.Conformance]] = {
    "operator": kit.OperatorConformance,
    "strategy": kit.StrategyConformance,
    "allocator": kit.AllocatorConformance,
    "target": kit.TargetConformance,
    "exporter": kit.ExporterConformance,
    "recipe": kit.RecipeConformance,
    "executor": kit.ExecutorConformance,
    "agent": kit.AgentConformance,
}
_EVALUATORS: Mapping[str, type[kit.Conformance]] = {
    "rate": kit.AskingEvaluatorConformance,
    "prefer": kit.PairEvaluatorConformance,
    "loss": kit.LossEvaluatorConformance,
    "evaluate": kit.EvaluatorConformance,
}


def check_plugin(plugin: str, *, seconds: float = 60.0) -> list[dict[str, str]]:
    """One row for each test of each name that the plugin offers: result is `kept`, `broken: …` or `not checked: …`.
    Raises UsageError for a plugin that is not there and PluginError for one that cannot be loaded."""
    registry = Registry.load(seconds=seconds)
    registry.require([plugin])
    return [row for entry in registry.entries(plugin) for row in _results(registry, entry)]


def kit_for(kind: Kind, made: Any) -> type[kit.Conformance] | None:
    """The contract that a thing can be held to without samples; an evaluator's is that of the method it has.

    None where a kit has to be given something: a loader its source, an observer a place where stories do no harm.
    """
    return _CONFORMANCE.get(kind) or next((one for method, one in _EVALUATORS.items() if hasattr(made, method)), None)


def _results(registry: Registry, entry: Registration) -> list[dict[str, str]]:
    def row(test: str, result: str) -> dict[str, str]:
        return {"kind": entry.kind, "name": entry.name, "test": test, "result": result}

    try:
        options = registry.options(entry.kind, entry.qualified)
        if wanted := [name for name, one in options.items() if one.default is one.empty and one.kind in _NAMED]:
            return [row("", f"not checked: it needs the options {', '.join(wanted)}; write a test with the kit")]
        made = registry.create(entry.kind, entry.qualified)
    except MaieuticError as error:
        return [row("made", f"broken: {error.what}")]
    base = kit_for(entry.kind, made)
    if base is None:
        return [row("made", "kept"), row("", "not checked: the kit needs samples; write a test with it")]
    held = _conformance_of(base, registry, entry)
    return [row(test.removeprefix("test_"), _result_of(held, test)) for test in dir(base) if test.startswith("test_")]


def _conformance_of(base: type[kit.Conformance], registry: Registry, entry: Registration) -> kit.Conformance:
    def make(self: Any) -> Any:
        return registry.create(entry.kind, entry.qualified)

    made: kit.Conformance = type(f"Check{base.__name__}", (base,), {"make": make})()
    return made


def _result_of(held: kit.Conformance, test: str) -> str:
    """Each call of a guest has its own clock, so that one that hangs is a broken check and no more."""
    try:
        getattr(held, test)()
    except Exception as error:  # noqa: BLE001 - whatever a guest raises in a test is the test's result
        said = error.what if isinstance(error, MaieuticError) else str(error)
        return f"broken: {type(error).__name__} {said}".strip()
    return "kept"
