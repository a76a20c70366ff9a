"""What promptfoo's files point to: `file://` with globs, `$ref`, and values that stand in files of their own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...core.errors import TaskError, UsageError
from ...runtime.tasks.rows import read_json_lines, read_text
from ..system.imports import import_optional

_SCHEME = "file://"
_CODE = (".js", ".ts", ".mjs", ".cjs", ".mts", ".cts", ".py", ".rb")
# A chain of references is short; a longer one goes round.
_MAX_DEPTH = 40


def is_reference(value: Any) -> bool:
    return isinstance(value, str) and value.startswith(_SCHEME)


def read_document(path: Path) -> Any:
    """A YAML, JSON or JSON Lines file with every `$ref` in place of what it names."""
    if path.suffix.casefold() == ".jsonl":
        return [dict(row.fields) for row in read_json_lines(path)]
    return _without_refs(_parse(path), path)


def referenced_files(reference: str, origin: Path) -> list[Path]:
    """The files of `file://cases/*.yaml`, relative to the file that names them, in the order of their names."""
    pattern = reference.removeprefix(_SCHEME)
    if not any(mark in pattern for mark in "*?["):
        return [origin.parent / pattern]
    base, relative = (
        (Path(Path(pattern).anchor), pattern.lstrip("/"))
        if Path(pattern).is_absolute()
        else (
            origin.parent,
            pattern,
        )
    )
    files = sorted(base.glob(relative))
    if not files:
        raise TaskError(f"no file is called {pattern}", where=str(origin), remedy="correct the pattern")
    return files


def resolved_value(value: Any, origin: Path) -> Any:
    """A value with the content of the file that it names; a script stays a reference, from the root."""
    if isinstance(value, list):
        return [resolved_value(item, origin) for item in value]
    if not is_reference(value):
        return value
    place, colon, function = value.removeprefix(_SCHEME).partition(":")
    path = origin.parent / place
    suffix = path.suffix.casefold()
    if suffix in _CODE:
        return f"{_SCHEME}{path.resolve()}{colon}{function}"
    if suffix in (".json", ".yaml", ".yml"):
        return read_document(path)
    return read_text(path).strip()


def _parse(path: Path) -> Any:
    text = read_text(path)
    if path.suffix.casefold() == ".json":
        try:
            return json.loads(text)
        except ValueError as error:
            raise TaskError(f"malformed JSON: {error}", where=str(path)) from error
    try:
        yaml = import_optional("yaml", extra="yaml", who="promptfoo")
    except UsageError as error:
        raise TaskError(error.what, where=str(path), remedy=error.remedy) from error
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise TaskError(f"malformed YAML: {error}", where=str(path)) from error


def _without_refs(body: Any, path: Path) -> Any:
    documents = {path.resolve(): body}

    def resolve(value: Any, owner: Path, depth: int) -> Any:
        if depth > _MAX_DEPTH:
            raise TaskError("the $ref of this file go round in a circle", where=str(owner), remedy="break the circle")
        if isinstance(value, Mapping):
            if isinstance(reference := value.get("$ref"), str):
                place, _, pointer = reference.partition("#")
                target = (owner.parent / place.removeprefix(_SCHEME)).resolve() if place else owner.resolve()
                if target not in documents:
                    documents[target] = _parse(target)
                pointed = resolve(_pointed(documents[target], pointer, reference, owner), target, depth + 1)
                others = {key: resolve(item, owner, depth + 1) for key, item in value.items() if key != "$ref"}
                return {**pointed, **others} if others and isinstance(pointed, Mapping) else pointed
            return {key: resolve(item, owner, depth + 1) for key, item in value.items()}
        return [resolve(item, owner, depth + 1) for item in value] if isinstance(value, list) else value

    return resolve(body, path, 0)


def _pointed(document: Any, pointer: str, reference: str, owner: Path) -> Any:
    value = document
    for part in pointer.strip("/").split("/") if pointer.strip("/") else ():
        key: Any = part.replace("~1", "/").replace("~0", "~")
        try:
            value = value[int(key)] if isinstance(value, list) else value[key]
        except (KeyError, IndexError, ValueError, TypeError):
            possible = sorted(map(str, value)) if isinstance(value, Mapping) else ()
            raise TaskError(
                f"$ref names {reference!r}, and there is no {part!r}",
                where=str(owner),
                possible=possible,
                remedy="correct the reference",
            ) from None
    return value
