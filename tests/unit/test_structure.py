"""The rules of CONTRIBUTING.md that a program can check: cycles, names, help lines, listed names, vocabulary."""

from __future__ import annotations

import importlib
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from maieutic.benchmarks.structure import (
    IDIOMATIC,
    PARTICIPLES,
    SourceFile,
    cycles,
    imports,
    participles,
    repeated_classes,
    source_files,
)
from maieutic.cli.app import app

ROOT = Path(__file__).parents[2]
MAX_HELP = 72
PRIVATE_WORDS = re.compile(
    r"""(?<!tests/)(?<![\w.`"{])(?:(?<!noise\ )floor|house|door|room|guest|law)s?\b(?![\w`":=}])""",
    re.IGNORECASE | re.VERBOSE,
)
"""Our own metaphors. An option's name in quotes and the noise floor of statistics are none."""
QUOTED = {f"plugins/operators/techniques.v1.toml:43: {word}" for word in ("doors", "door")}
"""Where such a word is an example's own."""
TEXT_SUFFIXES = {".md", ".toml", ".txt"}
TEXT_TOKENS = {tokenize.COMMENT, tokenize.STRING, getattr(tokenize, "FSTRING_MIDDLE", tokenize.STRING)}


@pytest.fixture(scope="module")
def files() -> list[SourceFile]:
    return source_files(ROOT)


def test_no_modules_import_each_other_in_a_circle(files: list[SourceFile]) -> None:
    assert cycles(imports(files)) == []


def test_a_class_name_stands_once(files: list[SourceFile]) -> None:
    assert repeated_classes(files) == {}


def test_a_variable_is_a_noun(files: list[SourceFile]) -> None:
    assert participles(files, PARTICIPLES - IDIOMATIC) == {}


def test_help_fits_on_one_line() -> None:
    too_long = [name for name, text in help_lines(typer.main.get_command(app)) if len(text) > MAX_HELP]
    assert too_long == []


def test_every_listed_name_is_there_and_listed_once(files: list[SourceFile]) -> None:
    missing = []
    for file in files:
        if "__all__" in file.path.read_text(encoding="utf-8"):
            module = importlib.import_module(file.module)
            names = list(getattr(module, "__all__", ()))
            missing += [f"{file.module}.{name}" for name in names if not hasattr(module, name)]
            assert len(set(names)) == len(names), file.module
    assert missing == []


def test_product_text_uses_the_words_of_the_field(files: list[SourceFile]) -> None:
    places = [f"{place}: {word[0]}" for place, text in product_text(files) for word in PRIVATE_WORDS.finditer(text)]
    assert [place for place in places if place not in QUOTED] == []


def test_contributing_names_files_that_are_there() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    paths = [path for path in re.findall(r"`([\w.]+/[\w./-]*)`", text) if (ROOT / path.split("/")[0]).exists()]
    assert len(paths) > 30
    assert [path for path in paths if not (ROOT / path).exists() and not re.search(r"NAME|ROLE", path)] == []


def help_lines(command: Any, path: str = "maieutic") -> Iterator[tuple[str, str]]:
    """The first sentence of a command's help, and the help of its options and sub-commands: name, text."""
    if command.help:
        yield path, re.split(r"(?<=\.)\s", " ".join(command.help.split()))[0]
    for parameter in command.params:
        text = getattr(parameter, "help", None)
        if text and not parameter.opts[0].endswith("-completion"):  # Typer's own
            yield f"{path} {parameter.opts[0]}", text
    for name, child in getattr(command, "commands", {}).items():
        yield from help_lines(child, f"{path} {name}")


def product_text(files: list[SourceFile]) -> Iterator[tuple[str, str]]:
    """Comments and strings of the code, and the text files beside it: place, text."""
    for file in files:
        source = io.StringIO(file.path.read_text(encoding="utf-8"))
        for token in tokenize.generate_tokens(source.readline):
            if token.type in TEXT_TOKENS:
                yield f"{file.path.relative_to(ROOT)}:{token.start[0]}", token.string
    for folder in sorted({file.path.parent for file in files}):
        for path in sorted(folder.iterdir()):
            if path.suffix in TEXT_SUFFIXES:
                for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                    yield f"{path.relative_to(ROOT)}:{number}", line
