"""`maieutic.plugin`: the one module that plugin authors import."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import maieutic.plugin as plugin
import pytest
from maieutic.plugins.system.hookspecs import HOOKS

ROOT = Path(__file__).parents[4]
HEAVY = ("litellm", "langgraph", "langchain_core", "textual", "numpy", "scipy", "networkx", "optuna", "asyncio")
PLUGIN_FILES = (
    "examples/plugin_wordle/maieutic_wordle.py",
    "examples/plugin_wordle/tests/test_wordle.py",
    "testing/templates/module.py.txt",
    "testing/templates/test_module.py.txt",
)


def test_all_lists_exactly_the_public_names() -> None:
    namespace = {
        name
        for name, value in vars(plugin).items()
        if not name.startswith("_") and name != "annotations" and not isinstance(value, ModuleType)
    }
    assert len(plugin.__all__) == len(set(plugin.__all__))
    assert set(plugin.__all__) == namespace


def test_importing_it_is_light() -> None:
    code = f"import maieutic.plugin, sys; print([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_its_docstring_names_every_hook() -> None:
    assert [hook for hook in HOOKS.values() if f"`{hook}`" not in (plugin.__doc__ or "")] == []


@pytest.mark.parametrize("name", ["Call", "Output", "Request", "Search"])
def test_every_field_of_a_value_is_described(name: str) -> None:
    value = getattr(plugin, name)
    described = inspect.getdoc(value) or ""
    assert [field for field in value.__annotations__ if f"{field}:" not in described and not field.isupper()] == []


def test_every_method_of_the_score_matrix_is_described() -> None:
    methods = [value for name, value in vars(plugin.ScoreMatrix).items() if not name.startswith("_")]
    assert [method.__name__ for method in methods if not inspect.getdoc(method)] == []


@pytest.mark.parametrize("file", PLUGIN_FILES)
def test_the_shipped_plugins_import_from_it_alone(file: str) -> None:
    text = (ROOT / file).read_text(encoding="utf-8").replace("@MODULE@", "module").replace("@NAME@", "name")
    imported = {
        node.module
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "maieutic"
    }
    assert imported <= {"maieutic.plugin", "maieutic.testing"}
    assert "maieutic.plugin" in imported
