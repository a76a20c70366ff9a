"""Loaders of rows that stand elsewhere than in a plain file: an SQLite table, a data set of Hugging Face."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import quote

from ...core.errors import TaskError, UsageError
from ...runtime.tasks.rows import SourceRow
from ..system.imports import import_optional


class SqliteLoader:
    """`sqlite:rows.db#reviews` or `#SELECT …`; a file that holds one table needs no name. Opened for reading alone."""

    name: ClassVar[str] = "sqlite"

    def read(self, source: str, folder: Path) -> list[SourceRow]:
        file, _, wanted = source.partition("#")
        path = folder / file
        if not path.is_file():
            raise TaskError(f"there is no file {file}", where=str(path), remedy="correct the path")
        try:
            with closing(sqlite3.connect(f"file:{quote(str(path.resolve()))}?mode=ro", uri=True)) as base:
                base.row_factory = sqlite3.Row
                base.execute("PRAGMA query_only = 1")
                rows = base.execute(self._query(base, wanted.strip(), path)).fetchall()
        except sqlite3.Error as error:
            raise TaskError(f"SQLite cannot read it: {error}", where=f"{path}#{wanted}") from error
        return [SourceRow(fields=dict(one), where=f"{path} row {number}") for number, one in enumerate(rows, 1)]

    def _query(self, base: sqlite3.Connection, wanted: str, path: Path) -> str:
        if wanted[:7].casefold() in ("select ", "select\n") or wanted[:5].casefold() == "with ":
            return wanted
        found = base.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view') ORDER BY name").fetchall()
        names = [str(one["name"]) for one in found if not str(one["name"]).startswith("sqlite_")]
        chosen = wanted or (names[0] if len(names) == 1 else "")
        if chosen not in names:
            raise TaskError(
                f"the database has no table {wanted!r}" if wanted else f"the database has {len(names)} tables",
                where=str(path),
                possible=names,
                remedy=f"name one: sqlite:{path.name}#TABLE",
            )
        return 'SELECT * FROM "{}"'.format(chosen.replace('"', '""'))


class HuggingFaceLoader:
    """`hf:PATH_OR_ID#SPLIT`, with `@CONFIG` before the `#` where the data set has several: `hf:glue@sst2#validation`.

    A path that exists beside the task is loaded from there: what `save_to_disk` wrote, or a folder of data files. All
    else is an id of the hub, which takes a network. A split may be a slice, `train[:200]`. Class labels become their
    names.
    """

    name: ClassVar[str] = "hf"

    def read(self, source: str, folder: Path) -> list[SourceRow]:
        try:
            datasets = import_optional("datasets", extra="hf", who="hf")
        except UsageError as error:
            raise TaskError(error.what, where=f"hf:{source}", remedy=error.remedy) from error
        place, _, split = source.partition("#")
        place, _, config = place.partition("@")
        local = folder / place
        try:
            found = self._load(datasets, local if local.exists() else None, place, config or None, split or None)
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            where = str(local) if local.exists() else f"the hub: {place}"
            raise TaskError(f"the data set cannot be loaded: {error}"[:600], where=where) from error
        if isinstance(found, Mapping):
            raise TaskError(
                "the data set has splits, and none is named",
                where=f"hf:{source}",
                possible=[f"hf:{source}#{name}" for name in found],
            )
        names = {name: one.names for name, one in found.features.items() if isinstance(one, datasets.ClassLabel)}
        return [
            SourceRow(fields=_with_label_names(one, names), where=f"hf:{source} row {number}")
            for number, one in enumerate(found, 1)
        ]

    def _load(self, datasets: Any, local: Path | None, place: str, config: str | None, split: str | None) -> Any:
        saved = ("dataset_dict.json", "state.json")
        if local is not None and any((local / name).is_file() for name in saved):
            found = datasets.load_from_disk(str(local))
            if split is None or not isinstance(found, Mapping):
                return found
            name, _, part = split.partition("[")
            if name not in found:
                raise ValueError(f"it has no split {name!r}, only {', '.join(found)}")
            return found[name].select(_slice_range(part, len(found[name]))) if part else found[name]
        return datasets.load_dataset(str(local or place), config, split=split)


def _slice_range(part: str, size: int) -> range:
    first, colon, last = part.rstrip("]").partition(":")
    if not colon or not all(one.strip().lstrip("-").isdecimal() for one in (first, last) if one.strip()):
        raise ValueError(f"[{part} is no slice, as [:200] or [100:200] is")
    return range(size)[slice(int(first) if first.strip() else None, int(last) if last.strip() else None)]


def _with_label_names(row: Mapping[str, Any], labels: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    return {
        name: labels[name][value] if name in labels and isinstance(value, int) and value >= 0 else value
        for name, value in row.items()
    }
