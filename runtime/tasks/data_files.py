"""Reads the `[data]` table of a task: which file is which split, the rows of each, and how they are mapped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ...core.dataset import SPLITS, Split
from ...core.errors import TaskError
from .column_mapping import ColumnMapping
from .column_roles import all_columns
from .column_values import as_text, leaf_paths
from .rows import READERS, RowReader, SourceRow, read_source
from .toml_source import TomlSource

_KEYS = (*SPLITS, "path", "fields", "values", "labelled", "together", "alternatives", "encoding", "allow_leak")
_FLAGS = ("labelled", "together", "alternatives", "allow_leak")
_ALIASES: Mapping[str, Split] = {"validation": "val", "valid": "val", "dev": "val", "training": "train"}


@dataclass(frozen=True, kw_only=True)
class DataFiles:
    """The rows of `[data]` as they were read, and how they are mapped to examples.

    constants: `[data.values]`, fields that are the same in every row; the rows have them already.
    """

    sources: Mapping[Split, str]
    rows: Mapping[Split, Sequence[SourceRow]]
    fields: ColumnMapping
    constants: Mapping[str, str]
    labelled: bool
    together: bool
    allow_leak: bool = False

    @property
    def columns(self) -> list[str]:
        """Every column and path of the first source: what a placeholder of the prompt may name."""
        rows = next(iter(self.rows.values()), ())
        return list(dict.fromkeys([*all_columns(rows), *leaf_paths(rows)]))


def read_data_files(task_file: TomlSource, value: Any, *, read: RowReader) -> DataFiles:
    """Check `[data]` and read the rows of its files."""
    table = {"path": value} if isinstance(value, str) else task_file.table(value, "data")
    task_file.check_keys(table, _KEYS, "data")
    fields = task_file.wrap_errors(
        lambda: ColumnMapping.model_validate(_lists_to_tuples(table.get("fields", {}))),
        "data",
        "fields",
        known=ColumnMapping.model_fields,
    )
    flags: dict[str, Any] = {key: table.get(key, key == "labelled") for key in _FLAGS}
    for key, flag in flags.items():
        if not isinstance(flag, bool):
            raise task_file.error(f"{key} is {flag!r}", "data", key, possible=("true", "false"))
    if flags["together"] and flags["alternatives"]:
        raise task_file.error(
            "[data] has both together and alternatives",
            "data",
            "together",
            remedy="together: an answer needs all outputs of a row; alternatives: any of them is right",
        )
    constants = _constants(task_file, table)
    encoding = table.get("encoding")
    if encoding is not None and not isinstance(encoding, str):
        raise task_file.error(f"encoding is {encoding!r}", "data", "encoding", remedy='write encoding = "cp1252"')
    sources = _sources(task_file, table)
    rows: dict[Split, Sequence[SourceRow]] = {}
    for split, source in sources.items():
        listed = task_file.wrap_errors(
            lambda source=source: _read_rows(source, task_file.folder, encoding, read),  # type: ignore[misc]
            "data",
            split,
        )
        if not listed:
            raise TaskError(
                f"{source} has no rows",
                where=str(task_file.folder / source),
                remedy="provide at least 2 rows, better 50 or more",
            )
        rows[split] = _with_constants(task_file, listed, constants)
    return DataFiles(
        sources=sources,
        rows=rows,
        fields=fields,
        constants=constants,
        labelled=flags["labelled"],
        together=flags["together"],
        allow_leak=flags["allow_leak"],
    )


def _read_rows(source: str, folder: Path, encoding: str | None, read: RowReader) -> list[SourceRow]:
    return read(source, folder) if encoding is None else read_source(source, folder, encoding=encoding)


def _constants(task_file: TomlSource, table: Mapping[str, Any]) -> dict[str, str]:
    values = task_file.table(table.get("values", {}), "data", "values")
    for name, value in values.items():
        if not isinstance(value, str | int | float):
            raise task_file.error(f"{name} must be a text or a number", "data", "values", name)
    return {name: as_text(value) for name, value in values.items()}


def _with_constants(
    task_file: TomlSource, rows: Sequence[SourceRow], constants: Mapping[str, str]
) -> Sequence[SourceRow]:
    if not constants:
        return rows
    for name in all_columns(rows):
        if name in constants:
            raise task_file.error(
                f"{name} is a column of the data and a constant",
                "data",
                "values",
                name,
                remedy="rename the constant, or remove it",
            )
    return [replace(row, fields={**row.fields, **constants}) for row in rows]


def _sources(task_file: TomlSource, table: Mapping[str, Any]) -> dict[Split, str]:
    """Split → file. A single file is under `train`."""
    files: dict[Split, str] = {split: table[split] for split in SPLITS if split in table}
    for key in (*files, *(["path"] if "path" in table else [])):
        source = table[key]
        if not isinstance(source, str) or not source.strip():
            raise task_file.error(f"{key} must name a file, this is {source!r:.60}", "data", key, remedy='"rows.jsonl"')
    if "path" not in table:
        if not files:
            raise task_file.error("[data] names no file", "data", possible=_KEYS, remedy='write train = "train.jsonl"')
        return files
    if files:
        raise task_file.error(
            f"[data] names both path and {', '.join(files)}", "data", "path", remedy="keep one of the two"
        )
    place = task_file.folder / table["path"]
    return _folder_sources(task_file, place) if place.is_dir() else {"train": table["path"]}


def _folder_sources(task_file: TomlSource, place: Path) -> dict[Split, str]:
    """The splits in a folder, by file name: train.jsonl, val.csv, …"""
    files: dict[Split, str] = {}
    names: dict[str, Split] = {split: split for split in SPLITS} | dict(_ALIASES)
    for file in sorted(path for path in place.iterdir() if path.suffix.casefold() in READERS):
        split = names.get(file.stem.casefold())
        if split is not None and split in files:
            raise task_file.error(f"two files for the split {split}: {Path(files[split]).name} and {file.name}", "data")
        if split is not None:
            files[split] = str(file)
    if not files:
        raise task_file.error(
            f"no file in the folder {place} is named after a split",
            "data",
            possible=[f"{split}.jsonl" for split in SPLITS],
            remedy="rename the files, or list them under [data]",
        )
    return {split: files[split] for split in SPLITS if split in files}


def _lists_to_tuples(table: Any) -> Any:
    """TOML lists as tuples, because the models are frozen."""
    if not isinstance(table, dict):
        return table
    return {key: tuple(value) if isinstance(value, list) else value for key, value in table.items()}
