"""What a rewritten file, schema or playbook has to keep: the language it is written in, its keys, its head."""

from __future__ import annotations

import ast
import json
import re
import tomllib
import warnings
from collections.abc import Callable, Mapping
from typing import Any

from ..core.prompt import Prompt

# The head of a skill or a page: `key: value` lines between two lines of three dashes.
_HEAD = re.compile(r"\A---[ \t]*\n(.*?)\n---[ \t]*(?:\n|\Z)", re.DOTALL)
_KEY = re.compile(r"^([A-Za-z_][\w-]*):[ \t]*(.*)$", re.MULTILINE)
_STATEMENTS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom, ast.Assign)
# Keys of a schema whose values are words for the model; all others say what is allowed.
_WORDS = frozenset({"description", "title", "examples", "$comment"})


def structure_lost(old: Prompt, new: Prompt) -> str:
    """Why a text no longer is what it was; empty if it is. The old text decides what is checked."""
    before, after = old.instruction, new.instruction
    if head := _HEAD.match(before):
        return _head_lost(head[1], after)
    if old.kind not in ("code", "schema"):
        return ""
    for language, parse in _LANGUAGES.items():
        if _error_of(parse, before) is not None:
            continue
        if error := _error_of(parse, after):
            return f"it is no {language} any more: {error}"
        return _schema_changed(before, after) if old.kind == "schema" and language == "JSON" else ""
    return ""


def _head_lost(head: str, text: str) -> str:
    """The keys of a head stay, and so does the name by which it is found."""
    new = _HEAD.match(text)
    if new is None:
        return "it lost its head between lines of ---"
    before, after = dict(_KEY.findall(head)), dict(_KEY.findall(new[1]))
    if missing := sorted(before.keys() - after.keys()):
        return f"its head lost {', '.join(missing)}"
    if "name" in before and before["name"].strip() != after["name"].strip():
        return f"its head has another name: {after['name'].strip()[:60]!r}"
    return ""


def _schema_changed(before: str, after: str) -> str:
    if _without_words(json.loads(before)) != _without_words(json.loads(after)):
        return "it changes the schema itself: only descriptions, titles and examples may change"
    return ""


def _without_words(value: Any) -> Any:
    """A schema without what is there to be read. A property may be called `title`: names are no words."""
    if isinstance(value, Mapping):
        return {
            key: {name: _without_words(inner) for name, inner in part.items()}
            if key == "properties" and isinstance(part, Mapping)
            else _without_words(part)
            for key, part in value.items()
            if key not in _WORDS or not isinstance(part, str | list)
        }
    return [_without_words(item) for item in value] if isinstance(value, list) else value


def _parse_json(text: str) -> None:
    if not isinstance(json.loads(text), dict | list):
        raise ValueError("no object and no list")


def _parse_toml(text: str) -> None:
    if not tomllib.loads(text):
        raise ValueError("no key")


def _parse_python(text: str) -> None:
    """A pattern or a word may be an expression of Python; a file of Python has statements."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of escapes in strings
        body = ast.parse(text).body
    if not any(isinstance(statement, _STATEMENTS) for statement in body):
        raise ValueError("no statement")


# In this order: every JSON object is an expression of Python, and many lines of TOML are statements of Python.
_LANGUAGES: Mapping[str, Callable[[str], None]] = {"JSON": _parse_json, "TOML": _parse_toml, "Python": _parse_python}


def _error_of(parse: Callable[[str], None], text: str) -> str | None:
    try:
        parse(text)
    except (ValueError, SyntaxError, RecursionError, MemoryError) as error:
        return " ".join(str(error).split())[:120] or type(error).__name__
    return None
