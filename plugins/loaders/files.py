"""The protocol of loaders, and those of plain files. A task names one by suffix (`rows.csv`) or prefix (`hf:name`)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ...core.errors import TaskError, TrustError, UsageError
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
from ..system.function_names import FUNCTION_NAME

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


def dataset_reader(registry: Registry, *, trusted: bool = False) -> RowReader:
    """The reader that `load_task` uses, plugins' loaders included. It raises TaskError for an unknown loader, and
    TrustError for a source that is a function, unless it is trusted, or the person has agreed to the folder's task."""

    def read(source: str, folder: Path) -> list[SourceRow]:
        scheme = _SCHEME.fullmatch(source)
        if scheme is None and Path(source).suffix.casefold() in READERS:
            return read_source(source, folder)
        name, rest = (scheme[1], scheme[2]) if scheme else (Path(source).suffix.lstrip(".").casefold(), source)
        try:
            if scheme is not None:
                registry.check_own_code("loader", rest)
                if not trusted and FUNCTION_NAME.fullmatch(rest):
                    _check_consent(source, folder)
            loader: Loader = registry.create("loader", name)
        except TrustError:
            raise
        except UsageError as error:
            raise TaskError(
                f"data cannot be read from {source!r}: {error.what}",
                where=str(folder),
                possible=error.possible,
                remedy=error.remedy,
            ) from error
        return loader.read(rest, folder)

    return read


def _check_consent(source: str, folder: Path) -> None:
    from ..system.consent import consent_error, has_consent
    from ..system.task_access import CodeUse, TaskAccess, access_of_file

    use = CodeUse(name=source, purpose="data")
    access = access_of_file(folder)
    if use not in access.code:
        access = TaskAccess(folder=folder, code=(use,))
    if not has_consent(access):
        raise consent_error(access)
