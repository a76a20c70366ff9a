"""The manual's tables and the command's help name every evaluator, loader and exporter that is shipped."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from maieutic.cli.export import export
from maieutic.plugins.system.hookspecs import Kind
from maieutic.plugins.system.registry import Registry

DOCS = Path(__file__).parents[4] / "docs"


@pytest.mark.parametrize(
    ("kind", "page"), [("evaluator", "evaluators"), ("loader", "loaders-exporters"), ("exporter", "loaders-exporters")]
)
def test_every_name_has_a_row(kind: Kind, page: str) -> None:
    text = (DOCS / f"{page}.md").read_text(encoding="utf-8")
    rows = set(re.findall(r"^\| `([a-z0-9_-]+)`", text, re.MULTILINE))
    assert set(Registry.load(()).names(kind)) - rows == set()


def test_no_row_is_of_a_name_that_is_not_there() -> None:
    registry = Registry.load(())
    for kinds, page in ((("evaluator",), "evaluators"), (("loader", "exporter"), "loaders-exporters")):
        rows = re.findall(r"^\| `([a-z0-9_-]+)`", (DOCS / f"{page}.md").read_text(encoding="utf-8"), re.MULTILINE)
        assert set(rows) - {name for kind in kinds for name in registry.names(kind)} == set()  # type: ignore[arg-type]


def test_the_commands_help_names_every_format() -> None:
    listed = str(export.__doc__)
    assert {
        name for name in Registry.load(()).names("exporter") if name not in re.findall(r"[a-z0-9-]+", listed)
    } == set()
