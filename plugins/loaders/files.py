"""Loaders: where rows come from. A task names one by a file's suffix (`rows.csv`) or before a colon (`hub:name`)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import ClassVar, Protocol

from ...core.errors import TaskError, UsageError
from ...runtime.tasks.rows import (
    READERS,
    RowReader,
    SourceRow,
    read_csv,
    read_json_lines,
    read_parquet,
    read_source,
    read_tsv,
)
from ..system.registry import Registry

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9_.-]+):(.+)")


class Loader(Protocol):
    """Reads rows. Its registered name is the suffix without the dot, or the word before the colon."""

    name: str

    def read(self, source: str, folder: Path) -> list[SourceRow]:
        """The rows in their order, each with its place. Raises TaskError for what cannot be read."""
        ...


class JsonLinesLoader:
    name: ClassVar[str] = "jsonl"

    def read(self, source: str, folder: Path) -> list[SourceRow]:
        return read_json_lines(folder / source)


class CsvLoader:
    name: ClassVar[str] = "csv"

    def read(self, source: str, folder: Path) -> list[SourceRow]:
        return read_csv(folder / source)


class TsvLoader:
    name: ClassVar[str] = "tsv"

    def read(self, source: str, folder: Path) -> list[SourceRow]:
        return read_tsv(folder / source)


class ParquetLoader:
    name: ClassVar[str] = "parquet"

    def read(self, source: str, folder: Path) -> list[SourceRow]:
        return read_parquet(folder / source)


def dataset_reader(registry: Registry) -> RowReader:
    """What `load_task` reads rows with, so that plugins' loaders count too. Raises TaskError for a source that
    nobody can load."""

    def read(source: str, folder: Path) -> list[SourceRow]:
        scheme = _SCHEME.fullmatch(source)
        if scheme is None and Path(source).suffix.casefold() in READERS:
            return read_source(source, folder)
        name, rest = (scheme[1], scheme[2]) if scheme else (Path(source).suffix.lstrip(".").casefold(), source)
        try:
            loader: Loader = registry.create("loader", name)
        except UsageError as error:
            raise TaskError(
                f"data cannot be read from {source!r}: {error.what}",
                where=str(folder),
                possible=error.possible,
                remedy=error.remedy,
            ) from error
        return loader.read(rest, folder)

    return read
