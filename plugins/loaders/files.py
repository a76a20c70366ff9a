"""The protocol of loaders, and those of plain files. A task names one by suffix (`rows.csv`) or prefix (`hf:name`)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ...core.errors import TaskError, UsageError
from ...runtime.tasks.rows import (
    READERS,
    RowReader,
    SourceRow,
    read_csv,
    read_excel,
    read_json_lines,
    read_parquet,
    read_source,
    read_tsv,
)

if TYPE_CHECKING:
    from ..system.registry import Registry

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9_.-]+):(.+)")


class Loader(Protocol):
    """Reads the rows of a source.

    Attributes:
        name: The file suffix without the dot, or the word before the colon in a source.
    """

    name: str

    def read(self, source: str, folder: Path) -> list[SourceRow]:
        """Read all rows.

        Args:
            source: A file name, or what follows the colon.
            folder: The task's folder; file names are relative to it.

        Returns:
            The rows in their order, each with its location for messages.

        Raises:
            TaskError: The source is not there or cannot be read.
        """
        ...


class JsonLinesLoader:
    name = "jsonl"

    def read(self, source: str, folder: Path) -> list[SourceRow]:
        return read_json_lines(folder / source)


class CsvLoader:
    name = "csv"

    def read(self, source: str, folder: Path) -> list[SourceRow]:
        return read_csv(folder / source)


class TsvLoader:
    name = "tsv"

    def read(self, source: str, folder: Path) -> list[SourceRow]:
        return read_tsv(folder / source)


class ExcelLoader:
    name = "xlsx"

    def read(self, source: str, folder: Path) -> list[SourceRow]:
        return read_excel(folder / source)


class ParquetLoader:
    name = "parquet"

    def read(self, source: str, folder: Path) -> list[SourceRow]:
        return read_parquet(folder / source)


def dataset_reader(registry: Registry) -> RowReader:
    """The reader that `load_task` uses, plugins' loaders included. It raises TaskError for an unknown loader."""

    def read(source: str, folder: Path) -> list[SourceRow]:
        scheme = _SCHEME.fullmatch(source)
        if scheme is None and Path(source).suffix.casefold() in READERS:
            return read_source(source, folder)
        name, rest = (scheme[1], scheme[2]) if scheme else (Path(source).suffix.lstrip(".").casefold(), source)
        try:
            if scheme is not None:
                registry.check_own_code("loader", rest)
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
