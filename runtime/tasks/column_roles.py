"""Works out which columns of a file are the input, the reference and the id, by their names and, if asked, shapes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict

from ...core.errors import TaskError
from .column_values import MISSING, is_blank, is_conversation, leaf_paths, value_at
from .source_row import SourceRow

INPUT_COLUMNS = (
    *("input", "inputs", "question", "text", "user_input", "query", "prompt", "problem", "instruction"),
    *("messages", "conversations"),
)
OUTPUT_COLUMNS = (
    *("ground_truth", "ground_truths", "expected_output", "expectedOutput", "ideal"),  # beside a model's own `output`
    *("output", "outputs", "target", "answer", "expected", "label"),
    *("completion", "reference", "reference_answer", "gold", "gold_answer", "answers", "labels", "category", "class"),
)
_COMPANIONS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "question": (("passage", "context", "contexts"), ("choices", "options")),
    "user_input": (("retrieved_contexts",), ()),
    "input": (("instruction",), ("additional_context",)),
}
"""Input column → columns that a reader needs before and behind it."""
_PAIRS = (("premise", "hypothesis"), ("sentence1", "sentence2"))
KNOWN_COLUMNS = frozenset(
    {*INPUT_COLUMNS, *OUTPUT_COLUMNS, *(name for pair in _PAIRS for name in pair)}
    | {name for before, behind in _COMPANIONS.values() for name in (*before, *behind)}
)
_CHOICE_COLUMNS = ("choices", "options")
# A column of labels repeats each of them; one that repeats less is free text.
_MIN_REPETITION = 2
# The input is guessed where its texts are clearly longer than those of any other column.
_MIN_LENGTH_RATIO = 1.5


class ColumnMapping(BaseModel):
    """Column names, where they differ from the default ones. A dotted path reaches into objects: `outputs.team`.

    Attributes:
        input: a column, several columns, or a table from placeholder to column.
        output: a column, or several columns with acceptable outputs.
        id: a column with ids.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    input: str | tuple[str, ...] | Mapping[str, str] | None = None
    output: str | tuple[str, ...] | None = None
    id: str | None = None


@dataclass(frozen=True, kw_only=True)
class ColumnRoles:
    """The columns of an example.

    input: a path, or field → path; empty if no column is an input. output: empty if no column is a reference.
    choices: the column of answer options that the reference picks from. conversation: whether the reference is the
    last turn of the input. optional: input columns beside the main one, which a row may lack. guesses: how a role was
    chosen that no name gives.
    """

    input: str | Mapping[str, str]
    output: tuple[str, ...]
    id: str | None = None
    choices: str | None = None
    conversation: bool = False
    optional: tuple[str, ...] = ()
    guesses: tuple[str, ...] = ()

    @property
    def paths(self) -> tuple[str, ...]:
        inputs = (self.input,) if isinstance(self.input, str) else tuple(self.input.values())
        return tuple(path for path in (*inputs, *self.output, self.id, self.choices) if path)

    def id_in(self, columns: Mapping[str, Any]) -> bool:
        return self.id is not None and value_at(columns, self.id) is not MISSING


def find_roles(
    rows: Sequence[SourceRow],
    fields: ColumnMapping,
    placeholders: Sequence[str] = (),
    *,
    structured: bool = False,
    guess: bool = False,
) -> ColumnRoles:
    """The roles of a file's columns.

    Args:
        rows: the rows; which columns there are is decided over all of them.
        fields: the names that the task gives; they win.
        placeholders: of the prompt; columns of these names are the input.
        structured: whether an answer is a JSON object, so that an object is a reference as it stands.
        guess: whether shapes count where no name is known.
    """
    columns = all_columns(rows)
    output: Sequence[str] = _output_columns(columns, fields)
    source: str | Mapping[str, str] = _input_columns(columns, fields, placeholders, output)
    guesses: list[str] = []
    if guess and not source:
        source = _guess_input(rows, output)
        guesses += [f"input ← {source}: its texts are the longest"] if source else []
    conversation = (
        not output and isinstance(source, str) and any(is_conversation(value_at(row.fields, source)) for row in rows)
    )
    if guess and not output and not conversation:
        output = _guess_output(rows, source)
        guesses += [f"output ← {path}: its values repeat, as labels do" for path in output]
    if not structured:
        output = [_inner_path(rows, path) for path in output]
    inputs = () if isinstance(source, str) else tuple(source.values())
    return ColumnRoles(
        input=source,
        output=tuple(output),
        id=fields.id or ("id" if "id" in columns else None),
        choices=next((name for name in _CHOICE_COLUMNS if name in inputs and _is_list(rows, name)), None),
        conversation=conversation,
        optional=() if fields.input or any(name in placeholders for name in inputs) else _companions(inputs),
        guesses=tuple(guesses),
    )


def all_columns(rows: Sequence[SourceRow]) -> list[str]:
    """The columns of any row, in order of appearance."""
    return list(dict.fromkeys(str(name).strip() for row in rows for name in row.fields))


def _output_columns(columns: Sequence[str], fields: ColumnMapping) -> tuple[str, ...]:
    if fields.output is not None:
        return (fields.output,) if isinstance(fields.output, str) else fields.output
    plain = next((name for name in OUTPUT_COLUMNS if name in columns), None)
    return (plain,) if plain else ()


def _input_columns(
    columns: Sequence[str], fields: ColumnMapping, placeholders: Sequence[str], output: Sequence[str]
) -> str | Mapping[str, str]:
    match fields.input:
        case str(name):
            return name
        case None:
            pass
        case tuple(names):
            return {name.rpartition(".")[2]: name for name in names}
        case table:
            return table
    if named := [name for name in placeholders if name in columns]:
        return {name: name for name in dict.fromkeys([*named, *(["input"] if "input" in columns else [])])}
    free = [name for name in columns if name not in output]
    plain = next((name for name in INPUT_COLUMNS if name in free), None)
    pair = next((pair for pair in _PAIRS if all(name in free for name in pair)), None)
    if plain is None or (pair and plain not in ("input", "inputs")):
        return {name: name for name in pair} if pair else plain or ""
    before, behind = _COMPANIONS.get(plain, ((), ()))
    together = [name for name in (*before, plain, *behind) if name in free]
    return plain if len(together) == 1 else {name: name for name in together}


def _companions(inputs: Sequence[str]) -> tuple[str, ...]:
    beside = {name for before, behind in _COMPANIONS.values() for name in (*before, *behind)}
    return tuple(name for name in inputs if name in beside)


def _inner_path(rows: Sequence[SourceRow], path: str) -> str:
    """The path of the only value in a column of objects, or of its `text`; else the path itself."""
    values = [value for row in rows if not is_blank(value := value_at(row.fields, path))]
    if not values or not all(isinstance(value, dict) for value in values):
        return path
    keys = {str(key) for value in values for key in value}
    inner = "text" if "text" in keys else keys.pop() if len(keys) == 1 else None
    return path if inner is None else f"{path}.{inner}"


def _is_list(rows: Sequence[SourceRow], path: str) -> bool:
    return any(isinstance(value_at(row.fields, path), list | tuple) for row in rows)


def _guess_input(rows: Sequence[SourceRow], output: Sequence[str]) -> str:
    """The column of the longest varying texts, where no other comes near; empty if two could be meant."""
    lengths = {}
    for path in leaf_paths(rows):
        texts = [value for row in rows if isinstance(value := value_at(row.fields, path), str) and value.strip()]
        if path not in output and len(set(texts)) > 1:
            lengths[path] = sum(map(len, texts)) / len(texts)
    ranked = sorted(lengths, key=lambda path: -lengths[path])
    if len(ranked) > 1 and lengths[ranked[0]] < _MIN_LENGTH_RATIO * lengths[ranked[1]]:
        return ""
    return ranked[0] if ranked else ""


def _guess_output(rows: Sequence[SourceRow], source: str | Mapping[str, str]) -> tuple[str, ...]:
    """The only other column whose few values repeat; empty if there is none, or more than one."""
    used = {source} if isinstance(source, str) else set(source.values())
    labels = []
    for path in leaf_paths(rows):
        values = [value_at(row.fields, path) for row in rows]
        texts = [str(value) for value in values if not is_blank(value) and isinstance(value, str | int | bool)]
        inside = any(path == name or path.startswith(f"{name}.") for name in used)
        if not inside and len(set(texts)) > 1 and len(texts) >= _MIN_REPETITION * len(set(texts)):
            labels.append(path)
    return (labels[0],) if len(labels) == 1 else ()


def missing_column(what: str, expected: str, columns: Mapping[str, Any] | Sequence[str], where: str) -> TaskError:
    remedy = f"rename a column, or name it under [data.fields]: {what} = …"
    if what == "output":
        remedy += "; for rows without outputs write labelled = false under [data]"
    return TaskError(f"the row has no {what} column ({expected})", where=where, possible=sorted(columns), remedy=remedy)
