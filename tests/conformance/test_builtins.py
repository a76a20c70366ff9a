"""Every built-in is held to the kit that outsiders are held to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from maieutic.core.program import Program
from maieutic.core.recipe import Recipe
from maieutic.graphs.recipe_loader import load_recipe, recipe_names
from maieutic.plugins.system.hookspecs import HOOKS
from maieutic.plugins.system.registry import Registry
from maieutic.testing import conformance as kit
from maieutic.testing.plugin_check import kit_for

REGISTRY = Registry.load(())
OWN_TESTS = {
    "evaluator": {
        "callable": "tests/unit/plugins/evaluators/test_function_evaluators.py",
        "dspy": "tests/unit/plugins/evaluators/test_foreign_metrics.py",
        "inspect": "tests/unit/plugins/evaluators/test_foreign_metrics.py",
        "langchain": "tests/unit/plugins/evaluators/test_foreign_metrics.py",
        "promptfoo": "tests/unit/plugins/evaluators/test_foreign_metrics.py",
    },
    "target": {
        "callable": "tests/unit/plugins/targets/test_targets.py",
        "environment": "tests/unit/plugins/targets/test_environment.py",
        "pipeline": "tests/unit/plugins/targets/test_pipeline.py",
        "runnable": "tests/unit/plugins/apps/test_runnable_target.py",
    },
    "loader": {
        **dict.fromkeys(("csv", "jsonl", "tsv"), "tests/conformance/test_builtins.py"),
        **dict.fromkeys(
            ("bbh", "dspy", "hf", "instruction-induction", "openai-evals", "promptfoo", "sqlite"),
            "tests/unit/plugins/loaders/test_foreign_loaders.py",
        ),
        "parquet": "tests/unit/runtime/tasks/test_loader.py",
        "xlsx": "tests/unit/runtime/tasks/test_data_readings.py",
    },
    "agent": {"instruction": "tests/unit/agents/test_plugin_agents.py"},
    "executor": {"ray": "tests/unit/plugins/executors/test_executors.py"},
    "observer": {"mlflow": "tests/unit/plugins/observers/test_mlflow.py"},
}
OPTIONS: dict[str, list[dict[str, Any]]] = {
    "regex": [{"pattern": "a+"}],
    "json_schema": [{"schema": {"type": "object"}}],
    "length": [{"most": 9}, {"least": 2, "unit": "sentences"}],
    "cost": [{"tokens": 40}, {"usd": 0.01}],
    "similarity": [{}, {"model": "openai/embedder"}],
    "rubric": [{}, {"votes": 3, "pool": "median"}, {"reference": True}],
    "checklist": [{"questions": ["Is it short?", "Is it red?"]}, {}],
}


def cases() -> list[Any]:
    found = []
    recipes = [load_recipe(name, REGISTRY) for name in recipe_names(REGISTRY)]
    named = {one.strategy.use: {use.use: use.weight for use in one.operators} for one in recipes}
    for kind in HOOKS:
        if kind in ("loader", "recipe"):
            continue
        for name in REGISTRY.names(kind):
            for at, options in enumerate(OPTIONS.get(name, [{}]) if name not in OWN_TESTS.get(kind, {}) else []):
                made = REGISTRY.create(kind, name, **options)
                base = kit.ObserverConformance if kind == "observer" else kit_for(kind, made)
                assert base is not None, f"{kind} {name} keeps no contract that the kit knows"
                make = {"make": lambda self, k=kind, n=name, o=options: REGISTRY.create(k, n, **o)}
                held = type(name, (base,), make)
                if kind == "strategy" and name in named:
                    held.operators = lambda self, uses=named[name]: uses  # type: ignore[attr-defined]
                found += [
                    pytest.param(held, test, id=f"{kind}-{name}-{at}-{test}")
                    for test in dir(held)
                    if test.startswith("test_")
                ]
    return found


@pytest.mark.parametrize(("held", "test"), cases())
def test_a_builtin_passes_the_kit_s_test(held: type[kit.Conformance], test: str) -> None:
    """What is asserted stands in the kit, under the name of the test."""
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
    """What is asserted stands in the kit."""


class TestCsv(_Lines):
    name, comma = "csv", ","

    def write(self, folder: Path) -> tuple[str, list[dict[str, Any]]]:
        text = "\n".join([f"input{self.comma}output", *(f"{r['input']}{self.comma}{r['output']}" for r in self.rows)])
        (folder / f"rows.{self.name}").write_text(text + "\n", encoding="utf-8")
        return f"rows.{self.name}", self.rows


class TestTsv(TestCsv):
    name, comma = "tsv", "\t"


@pytest.mark.parametrize("name", recipe_names(REGISTRY))
def test_a_recipe_passes_both_tests_of_the_kit(name: str) -> None:
    """What is asserted stands in the kit, under the names of the tests."""

    class Held(kit.RecipeConformance):
        def make(self) -> Recipe:
            return load_recipe(name, REGISTRY)

    Held().test_it_is_a_recipe_whose_json_says_all()
    Held().test_it_has_the_fields_and_methods_of_its_contract()


def test_the_kit_s_tests_cannot_be_overridden() -> None:
    taken = "test_the_same_program_gives_the_same_text_with_its_words"
    assert hasattr(kit.ExporterConformance, taken)
    with pytest.raises(TypeError, match=taken):
        type("Cheat", (kit.ExporterConformance,), {taken: lambda self: None})


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
    files = {name: root / file for name, file in OWN_TESTS[kind].items()}
    assert [name for name, file in files.items() if name not in file.read_text(encoding="utf-8").casefold()] == []
    assert set(files) <= set(REGISTRY.names(kind))  # type: ignore[arg-type]


def test_every_loader_is_held_by_some_test() -> None:
    assert set(REGISTRY.names("loader")) == set(OWN_TESTS["loader"])
