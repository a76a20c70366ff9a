"""Loaders of other sources than plain files: SQLite tables and Hugging Face data sets."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ...core.errors import TaskError, UsageError
from ...runtime.tasks.rows import SourceRow, with_label_names
from ..system.imports import import_optional


class SqliteLoader:
    """`sqlite:rows.db#reviews` or `#SELECT …`; a file with one table needs no name. Opened read-only."""

    name = "sqlite"

    def read(self, source: str, folder: Path) -> list[SourceRow]:
        file, _, selection = source.partition("#")
        path = folder / file
        if not path.is_file():
            raise TaskError(f"there is no file {file}", where=str(path), remedy="correct the path")
        try:
            with closing(sqlite3.connect(f"file:{quote(str(path.resolve()))}?mode=ro", uri=True)) as base:
                base.row_factory = sqlite3.Row
                base.execute("PRAGMA query_only = 1")
                rows = base.execute(self._query(base, selection.strip(), path)).fetchall()
        except sqlite3.Error as error:
            raise TaskError(f"SQLite cannot read it: {error}", where=f"{path}#{selection}") from error
        return [SourceRow(fields=dict(record), where=f"{path} row {number}") for number, record in enumerate(rows, 1)]

    def _query(self, base: sqlite3.Connection, selection: str, path: Path) -> str:
        if selection[:7].casefold() in ("select ", "select\n") or selection[:5].casefold() == "with ":
            return selection
        tables = base.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view') ORDER BY name").fetchall()
        names = [str(table["name"]) for table in tables if not str(table["name"]).startswith("sqlite_")]
        chosen = selection or (names[0] if len(names) == 1 else "")
        if chosen not in names:
            raise TaskError(
                f"the database has no table {selection!r}" if selection else f"the database has {len(names)} tables",
                where=str(path),
                possible=names,
                remedy=f"name one: sqlite:{path.name}#TABLE",
            )
        return 'SELECT * FROM "{}"'.format(chosen.replace('"', '""'))


class HuggingFaceLoader:
    """`hf:PATH_OR_ID#SPLIT`, with `@CONFIG` before the `#` for data sets with several: `hf:glue@sst2#validation`.

    A path that exists beside the task is loaded from disk: what `save_to_disk` wrote, or a folder of data files. All
    else is an id of the hub, which needs a network. A split may be a slice, `train[:200]`. Class labels become names.
    """

    name = "hf"

    def read(self, source: str, folder: Path) -> list[SourceRow]:
        try:
            datasets = import_optional("datasets", extra="hf", who="hf")
        except UsageError as error:
            raise TaskError(error.what, where=f"hf:{source}", remedy=error.remedy) from error
        place, _, split = source.partition("#")
        place, _, config = place.partition("@")
        local = folder / place
        try:
            dataset = self._load(datasets, local if local.exists() else None, place, config or None, split or None)
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            where = str(local) if local.exists() else f"the hub: {place}"
            raise TaskError(f"the data set cannot be loaded: {error}"[:600], where=where) from error
        if isinstance(dataset, Mapping):
            raise TaskError(
                "the data set has several splits, and the source names none",
                where=f"hf:{source}",
                possible=[f"hf:{source}#{name}" for name in dataset],
            )
        names = {
            name: feature.names
            for name, feature in dataset.features.items()
            if isinstance(feature, datasets.ClassLabel)
        }
        return [
            SourceRow(fields=with_label_names(record, names), where=f"hf:{source} row {number}")
            for number, record in enumerate(dataset, 1)
        ]

    def _load(self, datasets: Any, local: Path | None, place: str, config: str | None, split: str | None) -> Any:
        saved = ("dataset_dict.json", "state.json")
        if local is not None and any((local / name).is_file() for name in saved):
            dataset = datasets.load_from_disk(str(local))
            if split is None or not isinstance(dataset, Mapping):
                return dataset
            name, _, part = split.partition("[")
            if name not in dataset:
                raise ValueError(f"it has no split {name!r}, only {', '.join(dataset)}")
            return dataset[name].select(_slice_range(part, len(dataset[name]))) if part else dataset[name]
        return datasets.load_dataset(str(local or place), config, split=split)


def _slice_range(part: str, size: int) -> range:
    first, colon, last = part.rstrip("]").partition(":")
    if not colon or not all(bound.strip().lstrip("-").isdecimal() for bound in (first, last) if bound.strip()):
        raise ValueError(f"[{part} is not a slice such as [:200] or [100:200]")
    return range(size)[slice(int(first) if first.strip() else None, int(last) if last.strip() else None)]
