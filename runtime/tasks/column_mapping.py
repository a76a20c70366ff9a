"""From rows with anybody's column names to examples."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict

from ...core.answer import AnswerContract
from ...core.dataset import Example
from ...core.errors import TaskError
from ...core.identity import content_id
from ...core.suggest import did_you_mean
from .rows import SourceRow

INPUT_COLUMNS = ("input", "inputs", "question", "text")
OUTPUT_COLUMNS = ("output", "outputs", "target", "answer", "expected", "label")
MAX_FIELD_BYTES = 1_000_000


class ColumnMapping(BaseModel):
    """Which columns mean what, where their names do not say it.

    input: a column, several, or a table from placeholder to column. output: a column, or several acceptable
    outputs. id: a column with the rows' own ids.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    input: str | tuple[str, ...] | Mapping[str, str] | None = None
    output: str | tuple[str, ...] | None = None
    id: str | None = None


def to_example(
    row: SourceRow, *, fields: ColumnMapping, placeholders: Sequence[str], contract: AnswerContract, labelled: bool
) -> Example:
    """Raises TaskError naming file and line.

    placeholders: of the prompt, without `input`; columns of these names become a mapping input. labelled: whether
    a missing output column is an error.
    """
    columns = {str(name).strip(): value for name, value in row.fields.items()}
    for name, value in columns.items():
        _check_texts(value, name, row.where)
    given, used = _map_input(columns, row.where, fields, placeholders)
    outputs, taken = _map_outputs(columns, row.where, fields, labelled=labelled)
    own = fields.id or "id"
    known = used | taken | {own}
    metadata = {name: _json_value(value) for name, value in columns.items() if name not in known}
    if fields.id and fields.id not in columns:
        raise _missing_column("id", fields.id, columns, row.where)
    for reference in outputs:
        _check_reference(reference, contract, row.where)
    return Example(
        id=_as_text(columns.get(own)).strip(),
        input=given,
        outputs=tuple(contract.normalize_reference(one) for one in outputs),
        metadata=metadata,
    )


def output_columns(columns: Mapping[str, Any], fields: ColumnMapping) -> tuple[str, ...]:
    """The columns that hold the wanted outputs; none of them may be part of an input."""
    if fields.output is not None:
        return (fields.output,) if isinstance(fields.output, str) else fields.output
    plain = next((one for one in OUTPUT_COLUMNS if one in columns), None)
    return (plain,) if plain else ()


def content_key(example: Example) -> str:
    """What makes two rows the same row, whatever ids they carry."""
    given = example.input if isinstance(example.input, str) else dict(example.input)
    return content_id("e", {"input": given, "outputs": list(example.outputs)})


def _map_input(
    columns: Mapping[str, Any], where: str, fields: ColumnMapping, placeholders: Sequence[str]
) -> tuple[str | dict[str, Any], set[str]]:
    match fields.input:
        case str(name):
            wanted: Mapping[str, str] | str = name
        case None:
            named = [one for one in placeholders if one in columns]
            plain = next((one for one in INPUT_COLUMNS if one in columns), None)
            if named:
                extra = ["input"] if "input" in columns else []
                wanted = {one: one for one in dict.fromkeys([*named, *extra])}
            elif plain is None:
                raise _missing_column("input", " / ".join(INPUT_COLUMNS), columns, where)
            else:
                wanted = plain
        case tuple(names):
            wanted = {name: name for name in names}
        case table:
            wanted = table
    if isinstance(wanted, str):
        if wanted not in columns:
            raise _missing_column("input", wanted, columns, where)
        return _single_input(columns[wanted], wanted, where), {wanted}
    for column in wanted.values():
        if column not in columns:
            raise _missing_column("input", column, columns, where)
    return {name: _scalar_text(columns[column], column, where) for name, column in wanted.items()}, set(wanted.values())


def _single_input(value: Any, column: str, where: str) -> str | dict[str, Any]:
    if isinstance(value, dict) and value:
        return {str(name): _scalar_text(one, f"{column}.{name}", where) for name, one in value.items()}
    text = _scalar_text(value, column, where)
    if not text.strip():
        raise TaskError(f"the {column} is empty", where=where, remedy="fill it, or remove the row")
    return text


def _scalar_text(value: Any, column: str, where: str) -> str:
    if isinstance(value, str | bool | int | float):
        return _as_text(value)
    raise TaskError(
        f"the {column} is no text but {json.dumps(_json_value(value), ensure_ascii=False):.80}",
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
    said: list[str] = []
    for value in (columns[name] for name in names if name in columns):
        said += [_as_text(one) for one in value] if isinstance(value, list | tuple) else [_as_text(value)]
    outputs = tuple(dict.fromkeys(one for one in said if one.strip()))
    if labelled and not outputs:
        raise TaskError(
            f"the {names[0]} is empty",
            where=where,
            remedy="fill it, remove the row, or write labelled = false under [data]",
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
    """A value as JSON can say it; dates and the like become text."""
    if isinstance(value, dict):
        return {str(name): _json_value(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_json_value(one) for one in value]
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return None
    return value if value is None or isinstance(value, str | bool | int | float) else str(value)


def _check_texts(value: Any, column: str, where: str) -> None:
    """Raise TaskError for a text that is too long, or is none."""
    texts = list(_nested_texts(value))
    try:
        size = sum(len(text.encode()) for text in texts)
    except UnicodeEncodeError as error:
        raise TaskError(
            f"the {column} holds half a character: {error.reason}", where=where, remedy="write the row anew as UTF-8"
        ) from error
    if size > MAX_FIELD_BYTES:
        raise TaskError(
            f"the {column} is {size / 1_000_000:.1f} MB long",
            where=where,
            possible=(f"at most {MAX_FIELD_BYTES // 1_000_000} MB a field",),
            remedy="shorten the row, or remove it",
        )
    if any("\0" in text for text in texts):
        raise TaskError(f"the {column} has a NUL byte in it", where=where, remedy="remove it")


def _nested_texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from (text for one in value.values() for text in _nested_texts(one))
    elif isinstance(value, list | tuple):
        yield from (text for one in value for text in _nested_texts(one))


def _check_reference(reference: str, contract: AnswerContract, where: str) -> None:
    if not contract.accepts(reference):
        raise TaskError(
            f"the reference {reference[:60]!r} is no answer under the contract {contract.type!r}",
            where=where,
            possible=contract.labels,
            remedy=did_you_mean(reference[:60], contract.labels) or "correct the row, or the [answer] table",
        )


def _missing_column(what: str, wanted: str, columns: Mapping[str, Any], where: str) -> TaskError:
    remedy = f"rename a column, or name it under [data.fields]: {what} = …"
    if what == "output":
        remedy += "; for rows without outputs write labelled = false under [data]"
    return TaskError(f"the row has no {what} column ({wanted})", where=where, possible=sorted(columns), remedy=remedy)
