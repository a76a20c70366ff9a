"""Reads rows from data files: JSON Lines, JSON, CSV, TSV and Parquet, each row with its position in the file."""

from __future__ import annotations

import codecs
import csv
import importlib
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ...core.errors import TaskError

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True, kw_only=True)
class SourceRow:
    """One row of a data file. `where` is its file and line."""

    fields: Mapping[str, Any]
    where: str


RowReader = Callable[[str, Path], list[SourceRow]]


def read_source(source: str, folder: Path) -> list[SourceRow]:
    """The rows of a file, relative to the task's folder. Raises TaskError with file and line."""
    path = folder / source
    read = READERS.get(path.suffix.casefold())
    if read is None:
        raise TaskError(
            f"unknown data format: {source!r}",
            where=str(path),
            possible=sorted(READERS),
            remedy="convert it to one of these, or name a loader plugin",
        )
    return read(path)


def read_text(path: Path) -> str:
    """A text file with Unix newlines, decoded as UTF-8 or by its byte order mark."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise _read_error(path, error) from error
    encoding = next((name for mark, name in _BYTE_ORDER_MARKS if data.startswith(mark)), "utf-8")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise TaskError(
            f"the file is not {encoding.upper()}: {error.reason} at byte {error.start}",
            where=f"{path}:{line}",
            possible=("UTF-8", "UTF-16 with a byte order mark"),
            remedy="save it as UTF-8",
        ) from error
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if (nul := text.find("\0")) >= 0:
        raise TaskError(
            "the file contains a NUL byte",
            where=f"{path}:{text.count(chr(10), 0, nul) + 1}",
            remedy="remove it; if the file is UTF-16 without a byte order mark, save it as UTF-8",
        )
    return text


def read_json_lines(path: Path) -> list[SourceRow]:
    rows = []
    for number, line in enumerate(read_text(path).split("\n"), 1):
        if line.strip():
            where = f"{path}:{number}"
            rows.append(SourceRow(fields=_json_object(_parse_json(line, where), where), where=where))
    return rows


def read_json(path: Path) -> list[SourceRow]:
    listed = _parse_json(read_text(path), str(path))
    if not isinstance(listed, list):
        raise TaskError(
            f"the file holds {_json_type_name(listed)}, not a list of rows",
            where=str(path),
            remedy='write [{"input": …, "output": …}, …]',
        )
    return [
        SourceRow(fields=_json_object(value, f"{path} row {n}"), where=f"{path} row {n}")
        for n, value in enumerate(listed, 1)
    ]


def read_csv(path: Path) -> list[SourceRow]:
    return _read_table(path, ",")


def read_tsv(path: Path) -> list[SourceRow]:
    return _read_table(path, "\t")


def read_parquet(path: Path) -> list[SourceRow]:
    try:
        parquet = importlib.import_module("pyarrow.parquet")
    except ImportError as error:
        raise TaskError(
            "Parquet files need pyarrow, which is not installed",
            where=str(path),
            remedy='pip install "maieutic[parquet]"',
        ) from error
    if not path.is_file():
        raise _read_error(path, FileNotFoundError())
    try:
        listed: list[dict[str, Any]] = parquet.read_table(path).to_pylist()
    except (ValueError, OSError, RuntimeError) as error:
        raise TaskError(f"not a Parquet file: {error}", where=str(path)) from error
    return [SourceRow(fields=record, where=f"{path} row {number}") for number, record in enumerate(listed, 1)]


READERS: dict[str, Callable[[Path], list[SourceRow]]] = {
    ".jsonl": read_json_lines,
    ".ndjson": read_json_lines,
    ".json": read_json,
    ".csv": read_csv,
    ".tsv": read_tsv,
    ".parquet": read_parquet,
}


def _read_table(path: Path, delimiter: Literal[",", "\t"]) -> list[SourceRow]:
    text = read_text(path)
    before = csv.field_size_limit(len(text) + 1)
    try:
        return _table_rows(path, csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    finally:
        csv.field_size_limit(before)


def _table_rows(path: Path, reader: Any) -> list[SourceRow]:
    rows: list[SourceRow] = []
    header: list[str] = []
    line = 1
    try:
        for cells in reader:
            where, line = f"{path}:{line}", reader.line_num + 1
            if not any(cell.strip() for cell in cells):
                continue
            if not header:
                header = _header(cells, where)
                continue
            if len(cells) != len(header):
                raise TaskError(
                    f"the row has {len(cells)} cells, the header {len(header)}",
                    where=where,
                    possible=header,
                    remedy="put cells that hold the separator or a newline in double quotes",
                )
            rows.append(
                SourceRow(fields={name: cell for name, cell in zip(header, cells, strict=True) if name}, where=where)
            )
    except csv.Error as error:
        raise TaskError(
            f"the row cannot be read: {error}", where=f"{path}:{line}", remedy="double the quotes inside quoted cells"
        ) from error
    return rows


def _header(cells: list[str], where: str) -> list[str]:
    header = [cell.strip() for cell in cells]
    twice = sorted({name for name in header if name and header.count(name) > 1})
    if twice:
        raise TaskError(f"the header names {twice[0]!r} twice", where=where, possible=header)
    return header


def _parse_json(text: str, where: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        place = where if error.lineno == 1 else f"{where}:{error.lineno}"
        raise TaskError(
            f"malformed JSON: {error.msg} at column {error.colno}",
            where=place,
            remedy='write one object a line, {"input": …, "output": …}, with double quotes',
        ) from error
    except RecursionError as error:
        raise TaskError("malformed JSON: nested too deeply", where=where) from error


def _json_object(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise TaskError(
            f"a row must be a JSON object, this is {_json_type_name(value)}",
            where=where,
            remedy='write {"input": …, "output": …}; a file that is one JSON list is called .json',
        )
    return value


def _json_type_name(value: Any) -> str:
    names = {
        list: "a list",
        str: "a text",
        bool: "true or false",
        int: "a number",
        float: "a number",
        dict: "an object",
    }
    return names.get(type(value), "null")


def _read_error(path: Path, error: OSError) -> TaskError:
    if isinstance(error, FileNotFoundError):
        folder = path.parent
        near = sorted(file.name for file in folder.iterdir() if file.is_file())[:12] if folder.is_dir() else []
        return TaskError(f"there is no file {path.name}", where=str(path), possible=near, remedy="correct the path")
    return TaskError(f"the file cannot be read: {error.strerror or error}", where=str(path))
