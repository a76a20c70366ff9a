"""Maps the columns of data rows to examples."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ...core.answer import AnswerContract
from ...core.conversation import MESSAGES, is_chat
from ...core.dataset import Example
from ...core.error_messages import did_you_mean
from ...core.errors import TaskError
from ...core.identity import content_id
from .column_roles import INPUT_COLUMNS, OUTPUT_COLUMNS, ColumnRoles, missing_column
from .column_roles import ColumnMapping as ColumnMapping
from .column_values import (
    MISSING,
    as_text,
    conversation_input,
    conversation_text,
    is_blank,
    is_conversation,
    json_value,
    option_letter,
    options_text,
    readable_text,
    split_last_turn,
    value_at,
)
from .image_values import read_image
from .rows import SourceRow

MAX_FIELD_BYTES = 1_000_000  # far above any prompt that a model can read; a larger field is a mistake in the data
_SEPARATORS = ",;\n"  # between the items of a reference, as the evaluator `set` divides them


def to_example(
    row: SourceRow, *, roles: ColumnRoles, contract: AnswerContract, labelled: bool, together: bool = False
) -> Example:
    """The example in a row. Raises TaskError with file and line.

    Args:
        row: the row as it was read.
        roles: of the columns.
        contract: checks and normalizes the references.
        labelled: whether a missing output is an error.
        together: whether several outputs are the items of one reference, in place of alternatives.
    """
    columns = {str(name).strip(): value for name, value in row.fields.items()}
    for name, value in columns.items():
        _check_texts(value, name, row.where)
    outputs = references(row, roles, contract)
    if labelled and not outputs:
        raise _no_reference(columns, roles, row.where)
    if together and len(outputs) > 1:
        outputs = (_joined(outputs),)
    if roles.id and roles.id != "id" and value_at(columns, roles.id) is MISSING:
        raise missing_column("id", roles.id, columns, row.where)
    for reference in outputs:
        _check_reference(reference, contract, row.where)
    consumed = {_column_of(path, columns) for path in roles.paths} | {"id" if not roles.id else ""}
    return Example(
        id=as_text(value_at(columns, roles.id)).strip() if roles.id and roles.id_in(columns) else "",
        input=_map_input(columns, row.where, roles),
        outputs=tuple(contract.normalize_reference(output) for output in outputs),
        metadata={name: json_value(value) for name, value in columns.items() if name not in consumed},
    )


def references(row: SourceRow, roles: ColumnRoles, contract: AnswerContract) -> tuple[str, ...]:
    """The references in a row, as they are written there."""
    if roles.conversation and isinstance(roles.input, str):
        value = value_at(row.fields, roles.input)
        text = split_last_turn(value)[1] if is_conversation(value) else ""
        return (text,) if text.strip() else ()
    values: list[Any] = []
    for path in roles.output:
        value = value_at(row.fields, path)
        values += value if isinstance(value, list | tuple) else [] if is_blank(value) else [value]
    if roles.choices and isinstance(options := value_at(row.fields, roles.choices), list | tuple):
        by_text = contract.type == "choice"
        values = [option_letter(value, options, by_text=by_text) or value for value in values]
    texts = (as_text(value) for value in values if value is not MISSING)
    return tuple(dict.fromkeys(text for text in texts if text.strip()))


def content_key(example: Example) -> str:
    """A key that is equal for equal examples, whatever their ids."""
    input_value = example.input if isinstance(example.input, str) else dict(example.input)
    return content_id("e", {"input": input_value, "outputs": list(example.outputs)})


def input_key(example: Example) -> str:
    """A key that is equal for inputs that differ in letter case, spaces or the width of characters only."""
    return " ".join([*unicodedata.normalize("NFKC", example.text).casefold().split(), *example.images])


def _map_input(columns: Mapping[str, Any], where: str, roles: ColumnRoles) -> str | dict[str, Any]:
    source = roles.input
    if not source:
        raise missing_column("input", " / ".join(INPUT_COLUMNS[:4]), columns, where)
    if isinstance(source, str):
        value = value_at(columns, source)
        if value is MISSING:
            raise missing_column("input", source, columns, where)
        if roles.conversation and is_conversation(value):
            value = split_last_turn(value)[0] or value
        if is_conversation(value):
            return conversation_input(value)
        return _single_input(value, source, where)
    values: dict[str, Any] = {}
    for name, path in source.items():
        value = value_at(columns, path)
        if value is MISSING and path not in roles.optional:
            raise missing_column("input", path, columns, where)
        if path == roles.choices and isinstance(value, list | tuple):
            values[name] = options_text(value)
        elif is_conversation(value) and isinstance(turns := conversation_input(value), dict):
            values |= turns
        elif path in roles.optional:
            values |= {} if is_blank(value) else {name: readable_text(value)}
        else:
            values[name] = read_image(value, where) or _scalar_text(value, path, where)
    if roles.choices and len(values) == 2 and roles.choices in roles.optional:
        return "\n".join(values.values())  # as a question with lettered options is written
    return values if not all(map(is_blank, values.values())) else _single_input("", " and ".join(values), where)


def _single_input(value: Any, column: str, where: str) -> str | dict[str, Any]:
    if (image := read_image(value, where)) is not None:
        return {column: image}
    if isinstance(value, dict) and value:
        return {
            str(name): list(item)
            if name == MESSAGES and is_chat(item)
            else read_image(item, where) or _scalar_text(item, f"{column}.{name}", where)
            for name, item in value.items()
        }
    text = _scalar_text(value, column, where)
    if not text.strip():
        raise TaskError(f"the {column} is empty", where=where, remedy="fill it in, or remove the row")
    return text


def _scalar_text(value: Any, column: str, where: str) -> str:
    if is_conversation(value):
        return conversation_text(value)
    if isinstance(value, str | bool | int | float):
        return as_text(value)
    raise TaskError(
        f"the {column} must be a text, got {json.dumps(json_value(value), ensure_ascii=False):.80}",
        where=where,
        possible=("a text", "a number", "a list of chat messages", "an object with a text for each placeholder"),
        remedy="write it as a text, or name other columns in [data.fields]",
    )


def _no_reference(columns: Mapping[str, Any], roles: ColumnRoles, where: str) -> TaskError:
    if not roles.output and not roles.conversation:
        return missing_column("output", " / ".join(OUTPUT_COLUMNS), columns, where)
    for path in roles.output:
        if value_at(columns, path) is MISSING:
            return missing_column("output", path, columns, where)
    return TaskError(
        f"the {roles.output[0] if roles.output else 'last turn of the assistant'} is empty",
        where=where,
        remedy="fill it in, remove the row, or write labelled = false under [data]",
    )


def _joined(outputs: Sequence[str]) -> str:
    """Several outputs as one reference: with commas, or as a JSON list if an item has a separator itself."""
    if any(mark in text for text in outputs for mark in _SEPARATORS):
        return json.dumps(list(outputs), ensure_ascii=False)
    return ", ".join(outputs)


def _column_of(path: str, columns: Mapping[str, Any]) -> str:
    """The column that a path begins in."""
    if path in columns:
        return path
    heads = [name for name in columns if path.startswith(f"{name}.")]
    return max(heads, key=len, default=path)


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
            remedy=did_you_mean(reference[:60], contract.labels) or _REMEDIES.get(contract.type, _REMEDY),
        )


_REMEDY = "correct the row, or the [answer] table"
_REMEDIES = {
    "number": "write one number with a decimal point, such as 1.5 or 1137.50, or another [answer] type",
}
