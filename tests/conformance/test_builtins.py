"""Every built-in is held to the kit that outsiders are held to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from maieutic.core.program import Program
from maieutic.core.recipe import Recipe
from maieutic.graphs.catalogue import load_recipe, recipe_names
from maieutic.plugins.hookspecs import HOOKS
from maieutic.plugins.registry import Registry
from maieutic.testing import conformance as kit

REGISTRY = Registry.load(())
OWN_TESTS = {
    "evaluator": {
        "callable": "tests/evaluators/test_function_evaluators.py",
        "person": "tests/conformance/test_builtins.py",
    },
    "target": {"callable": "tests/plugins/test_targets.py", "pipeline": "tests/pipeline/test_pipelines.py"},
    "agent": {"instruction": "tests/agents/test_agents_of_plugins.py"},
    "executor": {"ray": "tests/executors/test_executors.py"},
    "observer": {"mlflow": "tests/observers/test_mlflow.py"},
}
KITS: dict[str, type[kit.Conformance]] = {
    "operator": kit.OperatorConformance,
    "strategy": kit.StrategyConformance,
    "allocator": kit.AllocatorConformance,
    "target": kit.TargetConformance,
    "exporter": kit.ExporterConformance,
    "executor": kit.ExecutorConformance,
    "agent": kit.AgentConformance,
    "observer": kit.ObserverConformance,
}
OPTIONS: dict[str, dict[str, Any]] = {"regex": {"pattern": "a+"}, "json_schema": {"schema": {"type": "object"}}}


def cases() -> list[Any]:
    found = []
    recipes = [load_recipe(name, REGISTRY) for name in recipe_names(REGISTRY)]
    named = {one.strategy.use: {use.use: use.weight for use in one.operators} for one in recipes}
    for kind in HOOKS:
        if kind in ("loader", "recipe"):
            continue
        for name in REGISTRY.names(kind):
            if name in OWN_TESTS.get(kind, {}):
                continue
            options = REGISTRY.options(kind, name)
            needed = [n for n, p in options.items() if p.default is p.empty and p.kind is not p.VAR_KEYWORD]
            if set(needed) - set(OPTIONS.get(name, {})):
                continue
            try:
                made = REGISTRY.create(kind, name, **OPTIONS.get(name, {}))
            except Exception:  # noqa: BLE001 - an optional library that is not installed here
                continue
            base = KITS.get(kind) or _of(made)
            if base is None:
                continue
            held = type(
                name, (base,), {"make": lambda self, k=kind, n=name: REGISTRY.create(k, n, **OPTIONS.get(n, {}))}
            )
            if kind == "strategy" and name in named:
                held.operators = lambda self, uses=named[name]: uses  # type: ignore[attr-defined]
            found += [
                pytest.param(held, test, id=f"{kind}-{name}-{test}") for test in dir(held) if test.startswith("test_")
            ]
    return found


def _of(made: Any) -> type[kit.Conformance] | None:
    for method, base in (
        ("prefer", kit.PairEvaluatorConformance),
        ("loss", kit.LossEvaluatorConformance),
        ("evaluate", kit.EvaluatorConformance),
    ):
        if hasattr(made, method):
            return base
    return None


@pytest.mark.parametrize(("held", "test"), cases())
def test_a_builtin_conforms(held: type[kit.Conformance], test: str) -> None:
    getattr(held(), test)()


class _Lines(kit.LoaderConformance):
    name = "jsonl"
    rows = [{"input": f"row {n}", "output": "ünï"} for n in range(3)]

    def make(self) -> Any:
        return REGISTRY.create("loader", self.name)

    def write(self, folder: Path) -> tuple[str, list[dict[str, Any]]]:
        (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in self.rows), encoding="utf-8")
        return "rows.jsonl", self.rows


class TestJsonLines(_Lines):
    """JSONL"""


class TestCsv(_Lines):
    name, comma = "csv", ","

    def write(self, folder: Path) -> tuple[str, list[dict[str, Any]]]:
        text = "\n".join([f"input{self.comma}output", *(f"{r['input']}{self.comma}{r['output']}" for r in self.rows)])
        (folder / f"rows.{self.name}").write_text(text + "\n", encoding="utf-8")
        return f"rows.{self.name}", self.rows


class TestTsv(TestCsv):
    name, comma = "tsv", "\t"


@pytest.mark.parametrize("name", recipe_names(REGISTRY))
def test_a_recipe_conforms(name: str) -> None:
    class Held(kit.RecipeConformance):
        def make(self) -> Recipe:
            return load_recipe(name, REGISTRY)

    Held().test_it_is_a_recipe_whose_json_says_all()
    Held().test_it_has_the_fields_and_methods_of_its_contract()


def test_the_kit_s_tests_cannot_be_overridden() -> None:
    with pytest.raises(TypeError, match="test_the_same_program_gives_the_same_text"):

        class Cheat(kit.ExporterConformance):
            def test_the_same_program_gives_the_same_text_with_its_words(self) -> None: ...


def test_the_kit_catches_what_is_wrong() -> None:
    class Moody:
        name, suffix, count = "moody", ".txt", 0

        def export(self, program: Program, task_name: str, report: None) -> str:
            Moody.count += 1
            return f"{program.main.instruction} {Moody.count}"

    class Held(kit.ExporterConformance):
        def make(self) -> Moody:
            return Moody()

    with pytest.raises(AssertionError):
        Held().test_the_same_program_gives_the_same_text_with_its_words()


@pytest.mark.parametrize("kind", OWN_TESTS)
def test_what_the_kit_cannot_make_has_tests_of_its_own(kind: str) -> None:
    root = Path(__file__).parents[2]
    assert [file for file in OWN_TESTS[kind].values() if not (root / file).is_file()] == []
