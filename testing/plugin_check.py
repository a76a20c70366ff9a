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
    "measure": kit.MeasureConformance,
}
_BY_METHOD: Mapping[str, type[kit.Conformance]] = {
    "rate": kit.AskingEvaluatorConformance,
    "prefer": kit.PairEvaluatorConformance,
    "loss": kit.LossEvaluatorConformance,
    "evaluate": kit.EvaluatorConformance,
    "vary_prompt": kit.PromptPerturberConformance,
    "vary_example": kit.ExamplePerturberConformance,
}


def check_plugin(plugin: str, *, seconds: float = 60.0) -> list[dict[str, str]]:
    """Run the conformance kit on everything that a plugin registers.

    Args:
        plugin: the name of an installed plugin.
        seconds: the limit of each call into the plugin.

    Returns:
        One row for each test of each registered name; its result is `kept`, `broken: …` or `not checked: …`.

    Raises:
        UsageError: there is no such plugin.
        PluginError: it cannot be loaded.
    """
    registry = Registry.load(seconds=seconds)
    registry.require([plugin])
    return [row for entry in registry.entries(plugin) for row in _results(registry, entry)]


def kit_for(kind: Kind, plugin_object: Any) -> type[kit.Conformance] | None:
    """The kit that needs no samples of the author; an evaluator's and a perturber's depends on the method it has.

    None where the kit has to be given something: a loader its source, an observer somewhere harmless to write to.
    """
    return _CONFORMANCE.get(kind) or next(
        (base for method, base in _BY_METHOD.items() if hasattr(plugin_object, method)), None
    )


def _results(registry: Registry, entry: Registration) -> list[dict[str, str]]:
    def row(test: str, result: str) -> dict[str, str]:
        return {"kind": entry.kind, "name": entry.name, "test": test, "result": result}

    try:
        options = registry.options(entry.kind, entry.qualified)
        required = [
            name for name, option in options.items() if option.default is option.empty and option.kind in _NAMED
        ]
        if required:
            return [row("", f"not checked: it needs the options {', '.join(required)}; write a test with the kit")]
        plugin_object = registry.create(entry.kind, entry.qualified)
    except MaieuticError as error:
        return [row("made", f"broken: {error.what}")]
    base = kit_for(entry.kind, plugin_object)
    if base is None:
        return [row("made", "kept"), row("", "not checked: the kit needs samples; write a test with it")]
    conformance = _conformance_of(base, registry, entry)
    return [
        row(test.removeprefix("test_"), _result_of(conformance, test)) for test in dir(base) if test.startswith("test_")
    ]


def _conformance_of(base: type[kit.Conformance], registry: Registry, entry: Registration) -> kit.Conformance:
    def make(self: Any) -> Any:
        return registry.create(entry.kind, entry.qualified)

    members: dict[str, Any] = {"make": make}
    if issubclass(base, kit.MeasureConformance):
        members["registry"] = lambda self: registry  # a measure may use a perturber of the same plugin
    conformance: kit.Conformance = type(f"Check{base.__name__}", (base,), members)()
    return conformance


def _result_of(conformance: kit.Conformance, test: str) -> str:
    """Each call into the plugin has its own time limit, so one that hangs is a broken test and no more."""
    try:
        getattr(conformance, test)()
    except Exception as error:  # noqa: BLE001 - whatever a plugin raises in a test is the test's result
        message = error.what if isinstance(error, MaieuticError) else str(error)
        return f"broken: {type(error).__name__} {message}".strip()
    return "kept"
