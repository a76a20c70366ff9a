"""Maps the columns of data rows to examples."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict

from ...core.answer import AnswerContract
from ...core.dataset import Example
from ...core.error_messages import did_you_mean
from ...core.errors import TaskError
from ...core.identity import content_id
from .rows import SourceRow

INPUT_COLUMNS = ("input", "inputs", "question", "text")
OUTPUT_COLUMNS = ("output", "outputs", "target", "answer", "expected", "label")
MAX_FIELD_BYTES = 1_000_000  # far above any prompt that a model can read; a larger field is a mistake in the data


class ColumnMapping(BaseModel):
    """Column names, where they differ from the default ones.

    Attributes:
        input: a column, several columns, or a table from placeholder to column.
        output: a column, or several columns with acceptable outputs.
        id: a column with ids.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    input: str | tuple[str, ...] | Mapping[str, str] | None = None
    output: str | tuple[str, ...] | None = None
    id: str | None = None


def to_example(
    row: SourceRow, *, fields: ColumnMapping, placeholders: Sequence[str], contract: AnswerContract, labelled: bool
) -> Example:
    """The example in a row. Raises TaskError with file and line.

    Args:
        row: the row as it was read.
        fields: the column names.
        placeholders: of the prompt, without `input`; columns of these names become an input with fields.
        contract: checks and normalizes the references.
        labelled: whether a missing output is an error.
    """
    columns = {str(name).strip(): value for name, value in row.fields.items()}
    for name, value in columns.items():
        _check_texts(value, name, row.where)
    mapped_input, used = _map_input(columns, row.where, fields, placeholders)
    outputs, output_names = _map_outputs(columns, row.where, fields, labelled=labelled)
    own = fields.id or "id"
    consumed = used | output_names | {own}
    metadata = {name: _json_value(value) for name, value in columns.items() if name not in consumed}
    if fields.id and fields.id not in columns:
        raise _missing_column("id", fields.id, columns, row.where)
    for reference in outputs:
        _check_reference(reference, contract, row.where)
    return Example(
        id=_as_text(columns.get(own)).strip(),
        input=mapped_input,
        outputs=tuple(contract.normalize_reference(output) for output in outputs),
        metadata=metadata,
    )


def output_columns(columns: Mapping[str, Any], fields: ColumnMapping) -> tuple[str, ...]:
    """The columns with the references; none of them may be part of an input."""
    if fields.output is not None:
        return (fields.output,) if isinstance(fields.output, str) else fields.output
    plain = next((column for column in OUTPUT_COLUMNS if column in columns), None)
    return (plain,) if plain else ()


def content_key(example: Example) -> str:
    """A key that is equal for equal examples, whatever their ids."""
    input_value = example.input if isinstance(example.input, str) else dict(example.input)
    return content_id("e", {"input": input_value, "outputs": list(example.outputs)})


def _map_input(
    columns: Mapping[str, Any], where: str, fields: ColumnMapping, placeholders: Sequence[str]
) -> tuple[str | dict[str, Any], set[str]]:
    match fields.input:
        case str(name):
            source: Mapping[str, str] | str = name
        case None:
            named = [placeholder for placeholder in placeholders if placeholder in columns]
            plain = next((column for column in INPUT_COLUMNS if column in columns), None)
            if named:
                extra = ["input"] if "input" in columns else []
                source = {column: column for column in dict.fromkeys([*named, *extra])}
            elif plain is None:
                raise _missing_column("input", " / ".join(INPUT_COLUMNS), columns, where)
            else:
                source = plain
        case tuple(names):
            source = {name: name for name in names}
        case table:
            source = table
    if isinstance(source, str):
        if source not in columns:
            raise _missing_column("input", source, columns, where)
        return _single_input(columns[source], source, where), {source}
    for column in source.values():
        if column not in columns:
            raise _missing_column("input", column, columns, where)
    return {name: _scalar_text(columns[column], column, where) for name, column in source.items()}, set(source.values())


def _single_input(value: Any, column: str, where: str) -> str | dict[str, Any]:
    if isinstance(value, dict) and value:
        return {str(name): _scalar_text(item, f"{column}.{name}", where) for name, item in value.items()}
    text = _scalar_text(value, column, where)
    if not text.strip():
        raise TaskError(f"the {column} is empty", where=where, remedy="fill it in, or remove the row")
    return text


def _scalar_text(value: Any, column: str, where: str) -> str:
    if isinstance(value, str | bool | int | float):
        return _as_text(value)
    raise TaskError(
        f"the {column} must be a text, got {json.dumps(_json_value(value), ensure_ascii=False):.80}",
        where=where,
        possible=("a text", "a number", "an object with a text for each placeholder"),
        remedy="write it as a text, or name other columns in [data.fields]",
    )


def _map_outputs(
    columns: Mapping[str, Any], where: str, fields: ColumnMapping, *, labelled: bool
) -> tuple[tuple[str, ...], set[str]]:
    names = output_columns(columns, fields)
    for name in names:
        if name not in columns and labelled:
            raise _missing_column("output", name, columns, where)
    if not names and labelled:
        raise _missing_column("output", " / ".join(OUTPUT_COLUMNS), columns, where)
    texts: list[str] = []
    for value in (columns[name] for name in names if name in columns):
        texts += [_as_text(item) for item in value] if isinstance(value, list | tuple) else [_as_text(value)]
    outputs = tuple(dict.fromkeys(text for text in texts if text.strip()))
    if labelled and not outputs:
        raise TaskError(
            f"the {names[0]} is empty",
            where=where,
            remedy="fill it in, remove the row, or write labelled = false under [data]",
        )
    return outputs, set(names)


def _as_text(value: Any) -> str:
    match value:
        case str():
            return value
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case _:
            return json.dumps(_json_value(value), ensure_ascii=False, sort_keys=True)


def _json_value(value: Any) -> Any:
    """A value that JSON can hold; dates and the like become text."""
    if isinstance(value, dict):
        return {str(name): _json_value(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_json_value(item) for item in value]
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return None
    return value if value is None or isinstance(value, str | bool | int | float) else str(value)


def _check_texts(value: Any, column: str, where: str) -> None:
    """Raises TaskError for a text that is too long, or is not valid text."""
    texts = list(_nested_texts(value))
    try:
        size = sum(len(text.encode()) for text in texts)
    except UnicodeEncodeError as error:
        raise TaskError(
            f"the {column} holds half a character: {error.reason}", where=where, remedy="rewrite the row as UTF-8"
        ) from error
    if size > MAX_FIELD_BYTES:
        raise TaskError(
            f"the {column} is {size / 1_000_000:.1f} MB long",
            where=where,
            possible=(f"at most {MAX_FIELD_BYTES // 1_000_000} MB a field",),
            remedy="shorten the row, or remove it",
        )
    if any("\0" in text for text in texts):
        raise TaskError(f"the {column} contains a NUL byte", where=where, remedy="remove it")


def _nested_texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from (text for item in value.values() for text in _nested_texts(item))
    elif isinstance(value, list | tuple):
        yield from (text for item in value for text in _nested_texts(item))


def _check_reference(reference: str, contract: AnswerContract, where: str) -> None:
    if not contract.accepts(reference):
        raise TaskError(
            f"the reference {reference[:60]!r} is not a valid answer under the contract {contract.type!r}",
            where=where,
            possible=contract.labels,
            remedy=did_you_mean(reference[:60], contract.labels) or "correct the row, or the [answer] table",
        )


def _missing_column(what: str, expected: str, columns: Mapping[str, Any], where: str) -> TaskError:
    remedy = f"rename a column, or name it under [data.fields]: {what} = …"
    if what == "output":
        remedy += "; for rows without outputs write labelled = false under [data]"
    return TaskError(f"the row has no {what} column ({expected})", where=where, possible=sorted(columns), remedy=remedy)
