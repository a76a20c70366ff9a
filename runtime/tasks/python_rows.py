"""Rows given as Python values: dicts, tuples, data frames, data sets and whatever else can be iterated."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ...core.dataset import Example
from ...core.errors import TaskError
from .column_values import is_conversation
from .columnar import with_label_names
from .source_row import SourceRow

_ROW_KINDS = ("a dict", "(input, output)", "an Example", "a dataclass", "a text, for a row without an output")
_TABLE_KINDS = ("a list of rows", "a DataFrame", "a data set", "a dict of columns", "the name of a file")
# pandas' marks of a missing value, which can be compared with nothing.
_MISSING_TYPES = frozenset({"NAType", "NaTType"})


def python_rows(values: Any, name: str) -> list[SourceRow]:
    """The rows of a value.

    Args:
        values: a list of rows, a pandas or polars DataFrame, an Arrow table, a Hugging Face data set, a dict of
            columns, or anything that can be iterated.
        name: what errors call it.

    Raises:
        TaskError: what has no rows, with the number of the row that cannot be read.
    """
    return [
        SourceRow(fields=_row_fields(record, f"{name} row {number}"), where=f"{name} row {number}")
        for number, record in enumerate(_records(values, name), 1)
    ]


def _records(values: Any, name: str) -> Iterable[Any]:
    if isinstance(values, Mapping):
        return _records_of_columns(values, name)
    if callable(getattr(values, "to_dicts", None)):  # polars
        return list(values.to_dicts())
    if callable(getattr(values, "to_pylist", None)):  # Arrow
        return list(values.to_pylist())
    if callable(getattr(values, "to_dict", None)) and hasattr(values, "columns"):  # pandas
        return list(values.to_dict(orient="records"))
    if isinstance(values, str | bytes) or not (hasattr(values, "__iter__") or hasattr(values, "__getitem__")):
        raise TaskError(f"{values!r:.60} holds no rows", where=name, possible=_TABLE_KINDS)
    labels = _class_labels(getattr(values, "features", None))
    records = list(values)
    return [with_label_names(record, labels) for record in records] if labels else records


def _records_of_columns(columns: Mapping[Any, Any], name: str) -> list[dict[str, Any]]:
    """A dict of equally long columns. A dict of splits, as data sets come in, names none of them."""
    if any(hasattr(value, "features") or hasattr(value, "columns") for value in columns.values()):
        raise TaskError(
            f"{name} is a dict of {', '.join(map(str, columns))}, not one table",
            where=name,
            possible=[f"{name}=data[{key!r}]" for key in columns],
            remedy="give each split by its own name: train=…, val=…, test=…",
        )
    listed = {
        key: value for key, value in columns.items() if isinstance(value, Sequence) and not isinstance(value, str)
    }
    lengths = {len(value) for value in listed.values()}
    if len(listed) < len(columns) or len(lengths) != 1:
        raise TaskError(
            f"{name} is a dict whose values are no columns of one length",
            where=name,
            possible=_TABLE_KINDS,
            remedy='write [{"input": …, "output": …}, …]',
        )
    return [dict(zip(listed, cells, strict=True)) for cells in zip(*listed.values(), strict=True)]


def _class_labels(features: Any) -> dict[str, Sequence[str]]:
    """Column → names of its classes, of a Hugging Face data set."""
    if not isinstance(features, Mapping):
        return {}
    named = {str(column): getattr(feature, "names", None) for column, feature in features.items()}
    return {column: names for column, names in named.items() if isinstance(names, list)}


def _row_fields(row: Any, where: str) -> Mapping[str, Any]:
    match row:
        case Example():
            source = row.input if isinstance(row.input, str) else dict(row.input)
            outputs = {"output": list(row.outputs)} if row.outputs else {}
            return {**row.metadata, "id": row.id, "input": source, **outputs}
        case Mapping():
            return {str(name): _plain_value(value) for name, value in row.items()}
        case str() | int() | float():
            return {"input": row}
        case _ if is_conversation(row):
            return {"messages": list(row)}
        case tuple() | list():
            return _sequence_fields(row, where)
        case _ if dataclasses.is_dataclass(row) and not isinstance(row, type):
            return {field.name: _plain_value(getattr(row, field.name)) for field in dataclasses.fields(row)}
    for method in ("model_dump", "toDict", "to_dict"):  # pydantic, DSPy, and other libraries' rows
        if callable(convert := getattr(row, method, None)) and isinstance(fields := convert(), Mapping):
            return {str(name): _plain_value(value) for name, value in fields.items()}
    raise TaskError(f"a row cannot be {row!r:.60}", where=where, possible=_ROW_KINDS, remedy="write one of these")


def _sequence_fields(row: Sequence[Any], where: str) -> Mapping[str, Any]:
    if callable(as_dict := getattr(row, "_asdict", None)):  # a named tuple
        return {str(name): _plain_value(value) for name, value in as_dict().items()}
    if not 1 <= len(row) <= 2:
        raise TaskError(
            f"a row of {len(row)} values has no input and output: {row!r:.60}",
            where=where,
            possible=_ROW_KINDS,
            remedy="write (input, output), or a dict with a name for each value",
        )
    return dict(zip(("input", "output"), map(_plain_value, row), strict=False))


def _plain_value(value: Any) -> Any:
    """A value of an array library as Python's own, a missing one as None, a time as text."""
    if isinstance(value, str | bool | int | float | None):
        return value if (own := getattr(value, "item", None)) is None else own()
    if type(value).__name__ in _MISSING_TYPES:
        return None
    if isinstance(value, Mapping):
        return {str(name): _plain_value(item) for name, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain_value(item) for item in value]
    if callable(getattr(value, "tolist", None)):  # scalars and arrays of numpy and its kin
        return _plain_value(value.tolist())
    if callable(getattr(value, "isoformat", None)):
        return value.isoformat()
    return value
