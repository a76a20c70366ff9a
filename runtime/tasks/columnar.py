"""Reads rows from files of columns that need a library: Parquet and Excel."""

from __future__ import annotations

import importlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ...core.errors import TaskError
from .source_row import SourceRow, read_error, table_header


def read_excel(path: Path) -> list[SourceRow]:
    """The only sheet with cells; its first row with cells is the header."""
    try:
        openpyxl = importlib.import_module("openpyxl")
    except ImportError as error:
        raise TaskError(
            "Excel files need openpyxl, which is not installed",
            where=str(path),
            remedy='pip install "maieutic[excel]", or save the sheet as CSV',
        ) from error
    if not path.is_file():
        raise read_error(path, FileNotFoundError())
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except Exception as error:  # zip, XML and key errors, by the kind of damage
        raise TaskError(
            f"not an Excel file: {error}"[:300], where=str(path), remedy="save it as .xlsx again"
        ) from error
    try:
        sheets = {
            sheet.title: [
                (number, cells)
                for number, cells in enumerate(sheet.iter_rows(values_only=True), 1)
                if any(cell is not None and str(cell).strip() for cell in cells)
            ]
            for sheet in book.worksheets
        }
    finally:
        book.close()
    filled = {title: lines for title, lines in sheets.items() if lines}
    if len(filled) > 1:
        raise TaskError(
            f"the file has {len(filled)} sheets with cells",
            where=str(path),
            possible=sorted(filled),
            remedy="save the sheet with the examples as a file of its own, or as CSV",
        )
    rows: list[SourceRow] = []
    for title, ((first, names), *lines) in filled.items():
        header = table_header(["" if name is None else str(name) for name in names], f"{path} {title}:{first}")
        for number, cells in lines:
            fields = {
                name: cell.isoformat() if hasattr(cell, "isoformat") else cell
                for name, cell in zip(header, cells, strict=False)
                if name
            }
            rows.append(SourceRow(fields=fields, where=f"{path} {title}:{number}"))
    return rows


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
        raise read_error(path, FileNotFoundError())
    try:
        table = parquet.read_table(path)
        listed: list[dict[str, Any]] = table.to_pylist()
    except (ValueError, OSError, RuntimeError) as error:
        raise TaskError(f"not a Parquet file: {error}", where=str(path)) from error
    labels = _class_labels(table)
    return [
        SourceRow(fields=with_label_names(record, labels), where=f"{path} row {number}")
        for number, record in enumerate(listed, 1)
    ]


def _class_labels(table: Any) -> dict[str, list[str]]:
    """The names of class labels, which Hugging Face writes into a Parquet file's metadata: column → names."""
    metadata = getattr(getattr(table, "schema", None), "metadata", None) or {}
    try:
        features = json.loads(metadata.get(b"huggingface", b"{}"))["info"]["features"]
        return {
            column: [str(name) for name in feature["names"]]
            for column, feature in features.items()
            if isinstance(feature, dict) and feature.get("_type") == "ClassLabel" and feature.get("names")
        }
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}


def with_label_names(row: Mapping[str, Any], labels: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """A row with the names of its class labels; a negative label stands for none."""
    fields = dict(row)
    for column, names in labels.items():
        value = fields.get(column)
        if isinstance(value, int) and not isinstance(value, bool) and value < len(names):
            fields[column] = names[value] if value >= 0 else None
    return fields
