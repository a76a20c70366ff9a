"""Reads rows from data files: JSON Lines, JSON, tables and Parquet, each row with its position in the file."""

from __future__ import annotations

import codecs
import csv
import io
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ...core.errors import TaskError
from .columnar import read_excel as read_excel
from .columnar import read_parquet as read_parquet
from .columnar import with_label_names as with_label_names
from .source_row import SourceRow as SourceRow
from .source_row import read_error, table_header
from .text_format import detect_delimiter, detect_encoding

# The key of a file that wraps its rows may have any name; these are preferred where it holds several lists.
_ROW_KEYS = ("rows", "data", "examples", "evals", "items", "records", "instances", "tests")
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


RowReader = Callable[[str, Path], list[SourceRow]]


def read_source(source: str, folder: Path, *, encoding: str | None = None) -> list[SourceRow]:
    """The rows of a file, relative to the task's folder. Raises TaskError with file and line.

    encoding: of a text file. Without it UTF-8 or what the byte order mark says; in a table that is neither, detected.
    """
    path = folder / source
    suffix = path.suffix.casefold()
    if encoding is not None and suffix in _TEXT_READERS:
        return _TEXT_READERS[suffix](path, encoding)
    read = READERS.get(suffix)
    if read is None:
        raise TaskError(
            f"unknown data format: {source!r}",
            where=str(path),
            possible=sorted(READERS),
            remedy="convert it to one of these, or name a loader plugin",
        )
    return read(path)


def read_text(path: Path, encoding: str | None = None, *, detect: bool = False) -> str:
    """A text file with Unix newlines, decoded as UTF-8, by its byte order mark, or as `encoding`.

    detect: whether another encoding is detected where none of these fits.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise read_error(path, error) from error
    encoding = encoding or text_encoding(data, detect=detect)
    try:
        text = data.decode(encoding).removeprefix("\ufeff")
    except LookupError as error:
        raise TaskError(
            f"there is no encoding {encoding!r}",
            where=str(path),
            possible=("utf-8", "cp1252", "utf-16", "shift_jis", "gb18030"),
            remedy="correct the encoding",
        ) from error
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise TaskError(
            f"the file is not {encoding.upper()}: {error.reason} at byte {error.start}",
            where=f"{path}:{line}",
            possible=("UTF-8", "UTF-16 with a byte order mark"),
            remedy='save it as UTF-8, or name its encoding under [data]: encoding = "cp1252"',
        ) from error
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if (nul := text.find("\0")) >= 0:
        raise TaskError(
            "the file contains a NUL byte",
            where=f"{path}:{text.count(chr(10), 0, nul) + 1}",
            remedy="remove it; if the file is UTF-16 without a byte order mark, save it as UTF-8",
        )
    return text


def text_encoding(data: bytes, *, detect: bool) -> str:
    """The encoding of a text file: by its byte order mark, UTF-8, or detected from its bytes."""
    encoding = next((name for mark, name in _BYTE_ORDER_MARKS if data.startswith(mark)), "utf-8")
    return detect_encoding(data) if detect and encoding == "utf-8" else encoding


def read_json_lines(path: Path, encoding: str | None = None) -> list[SourceRow]:
    return _json_line_rows(path, read_text(path, encoding))


def _json_line_rows(path: Path, text: str) -> list[SourceRow]:
    rows = []
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            where = f"{path}:{number}"
            rows.append(SourceRow(fields=_json_object(_parse_json(line, where), where), where=where))
    return rows


def read_json(path: Path, encoding: str | None = None) -> list[SourceRow]:
    """A list of objects, an object with one such list, or JSON Lines under this name."""
    text = read_text(path, encoding)
    try:
        listed = _parse_json(text, str(path))
    except TaskError as error:
        if "Extra data" not in error.what:
            raise
        return _json_line_rows(path, text)
    if isinstance(listed, dict):
        listed = _wrapped_rows(listed, path)
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


def _wrapped_rows(body: Mapping[str, Any], path: Path) -> Any:
    """The list of rows in an object, which may hold other things beside it; the object itself if it has none."""
    lists = {
        key: value
        for key, value in body.items()
        if isinstance(value, list) and value and all(isinstance(item, dict) for item in value)
    }
    usual = [key for key in _ROW_KEYS if key in lists]
    if len(lists) > 1 and not usual:
        raise TaskError(
            f"the file holds {len(lists)} lists of objects, and any could be the rows",
            where=str(path),
            possible=sorted(lists),
            remedy="keep the list of rows alone, as [{…}, …]",
        )
    return lists[usual[0] if usual else next(iter(lists))] if lists else body


def read_csv(path: Path, encoding: str | None = None) -> list[SourceRow]:
    """Cells between commas, or between semicolons, tabs or bars where the file has those."""
    return _read_table(path, ",", encoding)


def read_tsv(path: Path, encoding: str | None = None) -> list[SourceRow]:
    return _read_table(path, "\t", encoding)


READERS: dict[str, Callable[[Path], list[SourceRow]]] = {
    ".jsonl": read_json_lines,
    ".ndjson": read_json_lines,
    ".json": read_json,
    ".csv": read_csv,
    ".tsv": read_tsv,
    ".parquet": read_parquet,
    ".xlsx": read_excel,
}
_TEXT_READERS: dict[str, Callable[[Path, str], list[SourceRow]]] = {
    ".jsonl": read_json_lines,
    ".ndjson": read_json_lines,
    ".json": read_json,
    ".csv": read_csv,
    ".tsv": read_tsv,
}


def _read_table(path: Path, default: str, encoding: str | None) -> list[SourceRow]:
    text = read_text(path, encoding, detect=True)
    delimiter = detect_delimiter(text, default)
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
                header = table_header(cells, where)
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
