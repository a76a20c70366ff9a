"""Loaders, exporters and recipes: what is read from files and written to them."""

from __future__ import annotations

import tomllib
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

from ...core.errors import MaieuticError
from ...core.program import Program
from ...core.recipe import Recipe
from ...plugins.system.hookspecs import Kind
from ...runtime.tasks.rows import SourceRow
from .base import Conformance


class LoaderConformance(Conformance):
    """Override `write`: put a source with three rows into a folder; return its name and the rows' fields."""

    kind: ClassVar[Kind] = "loader"

    def write(self, folder: Path) -> tuple[str, list[dict[str, Any]]]:
        raise NotImplementedError("write has to put a source with rows into the folder")

    def test_rows_come_in_order_with_their_places_and_twice_the_same(self) -> None:
        with TemporaryDirectory() as name:
            source, fields = self.write(Path(name))
            rows = self.make().read(source, Path(name))
            assert all(isinstance(row, SourceRow) and row.where for row in rows)
            assert [dict(row.fields) for row in rows] == fields
            assert len({row.where for row in rows}) == len(rows)
            assert self.make().read(source, Path(name)) == rows

    def test_a_run_can_use_its_rows(self) -> None:
        with TemporaryDirectory() as name:
            source, _ = self.write(Path(name))
            self.make_guarded().read(source, Path(name))

    def test_a_source_that_is_not_there_is_an_error_that_says_so(self) -> None:
        with TemporaryDirectory() as name:
            try:
                self.make().read("missing.nothing", Path(name))
            except MaieuticError as error:
                message = str(error)
            else:
                message = "it returned rows"
        assert "missing" in message


class ExporterConformance(Conformance):
    kind: ClassVar[Kind] = "exporter"

    def test_a_run_can_use_its_text(self) -> None:
        self.make_guarded().export(Program.of("Say the colour of the flower."), "kit", None)

    def test_the_same_program_gives_the_same_text_with_its_words(self) -> None:
        program = Program.of("Say the colour of the flower.")
        text = self.make().export(program, "kit", None)
        assert text == self.make().export(program, "kit", None)
        assert "Say the colour of the flower." in text
        assert self.make().suffix.startswith(".")


class RecipeConformance(Conformance):
    kind: ClassVar[Kind] = "recipe"

    def test_it_is_a_recipe_whose_json_says_all(self) -> None:
        source = self.make()
        recipe = source if isinstance(source, Recipe) else Recipe.model_validate(tomllib.loads(source))
        assert Recipe.model_validate_json(recipe.model_dump_json()) == recipe
        assert recipe.summary
