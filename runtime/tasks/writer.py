"""Writes a new task: `task.toml` and its data files."""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ...core.dataset import SPLITS, Example, Split
from ...core.errors import UsageError
from .loader import TASK_FILE

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def write_task(
    folder: str | Path, tables: Mapping[str, Any], rows: Mapping[Split, Sequence[Example]] | None = None
) -> Path:
    """Write `task.toml` from `tables`, and `train.jsonl`, … from `rows`, into a folder; returns the task file.

    `[data]` is filled in from `rows`. The files are written atomically. Raises UsageError where a file exists already,
    or the folder is not writable.
    """
    place = Path(folder)
    content = dict(tables)
    files: dict[str, str] = {}
    for split in SPLITS:
        if rows and rows.get(split):
            files[f"{split}.jsonl"] = "".join(f"{_json_line(example)}\n" for example in rows[split])
    if files:
        content["data"] = {**{Path(name).stem: name for name in files}, **content.get("data", {})}
    files[TASK_FILE] = to_toml(content)
    existing = sorted(name for name in files if (place / name).exists())
    if existing:
        raise UsageError(
            f"{', '.join(existing)} would be overwritten",
            where=str(place),
            remedy="choose another folder, or remove the files",
        )
    try:
        place.mkdir(parents=True, exist_ok=True)
        _write_all(place, files)
    except OSError as error:
        reason = error.strerror or str(error)
        raise UsageError(
            f"the task cannot be written: {reason}", where=str(place), remedy="choose another folder"
        ) from error
    return place / TASK_FILE


def to_toml(tables: Mapping[str, Any]) -> str:
    """A mapping as TOML: plain values first, then tables, then lists of tables. None is left out."""
    return "\n".join(_table(tables, ())).strip() + "\n"


def _table(table: Mapping[str, Any], path: tuple[str, ...]) -> Iterable[str]:
    entries = {key: value for key, value in table.items() if value is not None}
    nested = {key: value for key, value in entries.items() if isinstance(value, Mapping)}
    listed = {key: value for key, value in entries.items() if _is_tables(value)}
    for key, value in entries.items():
        if key not in nested and key not in listed:
            yield f"{_key(key)} = {_value(value)}"
    for key, value in nested.items():
        yield f"\n[{'.'.join(map(_key, (*path, key)))}]"
        yield from _table(value, (*path, key))
    for key, values in listed.items():
        for entry in values:
            yield f"\n[[{'.'.join(map(_key, (*path, key)))}]]"
            yield from _table(entry, (*path, key))


def _is_tables(value: Any) -> bool:
    return isinstance(value, list | tuple) and bool(value) and all(isinstance(item, Mapping) for item in value)


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else _value(key)


def _value(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return repr(value)
        case str():
            return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
        case list() | tuple():
            return f"[{', '.join(map(_value, value))}]"
        case Mapping():
            return "{ " + ", ".join(f"{_key(key)} = {_value(item)}" for key, item in value.items()) + " }"
        case _:
            raise TypeError(f"TOML cannot represent {value!r}")


def _json_line(example: Example) -> str:
    input_value = example.input if isinstance(example.input, str) else dict(example.input)
    row: dict[str, Any] = {"input": input_value}
    if example.outputs:
        row["output"] = example.outputs[0] if len(example.outputs) == 1 else list(example.outputs)
    if example.id != Example(**{**example.model_dump(), "id": ""}).id:
        row["id"] = example.id
    others = {name: value for name, value in example.metadata.items() if name not in ("input", "output", "id")}
    return json.dumps({**row, **others}, ensure_ascii=False)


def _write_all(place: Path, files: Mapping[str, str]) -> None:
    """Write to a temporary folder, then rename; the task file last, so that an existing task is complete."""
    aside = Path(tempfile.mkdtemp(prefix=".new-", dir=place))
    try:
        for name, content in files.items():
            with (aside / name).open("w", encoding="utf-8", newline="\n") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        for name in files:
            (aside / name).rename(place / name)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
