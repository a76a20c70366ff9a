"""The rows of a call as the splits of a task, with the answer type that the references suggest where none is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...core.answer import AnswerContract
from ...core.dataset import SPLITS, Dataset, Split
from ...core.errors import TaskError
from ...core.program import Program
from ...runtime.tasks.column_mapping import ColumnMapping
from ...runtime.tasks.column_roles import ColumnRoles
from ...runtime.tasks.data_files import DataFiles
from ...runtime.tasks.data_schema import AnswerProposal, DataSchema, infer_schema, propose_answer
from ...runtime.tasks.dataset_loader import build_dataset
from ...runtime.tasks.program_templates import fill_from_columns
from ...runtime.tasks.python_rows import python_rows
from ...runtime.tasks.rows import RowReader, SourceRow
from .call_source import CallSource

_GIVEN_SPLITS: tuple[Split, ...] = ("train", "val", "test")


@dataclass(frozen=True, kw_only=True)
class PythonData:
    """The splits, the program with its placeholders in our notation, and the answer contract.

    columns: column → the field of an example that has its value. notes: how the columns were read, and what was chosen.
    """

    dataset: Dataset
    program: Program
    answer: AnswerContract
    together: bool
    columns: Mapping[str, str]
    notes: tuple[str, ...]


def read_rows(
    call: CallSource,
    given: Mapping[str, Any],
    *,
    program: Program,
    answer: AnswerContract | None,
    own_metric: bool,
    any_metric: bool,
    read: RowReader,
) -> PythonData:
    """Read the rows of a call.

    Args:
        call: names the arguments in errors.
        given: the arguments: train, val, test, input, output, id, together.
        program: the prompts to start from.
        answer: what counts as an answer; proposed from the references if None.
        own_metric: whether a function of the caller scores; it gets whole outputs, and rows need no reference.
        any_metric: whether anything was named that scores.
        read: reads the rows of a file.

    Raises:
        TaskError: rows that cannot be read, with their number.
    """
    rows = {split: _rows_of_split(given[split], split, read) for split in _GIVEN_SPLITS if split in given}
    together = bool(given.get("together"))
    mapping = call.wrap_errors(lambda: _mapping(given), "input")
    schema = infer_schema("train", rows["train"], mapping, _placeholders(program))
    mapping = _with_guesses(mapping, schema)
    labelled = schema.unlabelled < schema.rows or (not any_metric and bool(schema.unused))
    _check_several_outputs(schema, given, own_metric)
    proposal: AnswerProposal | None = None
    if answer is None and not own_metric and not together:
        proposal = propose_answer([row for split in rows.values() for row in split], schema)
    contract = answer or (proposal.contract if proposal else AnswerContract())
    files = DataFiles(
        sources={split: split for split in rows},
        rows=rows,
        fields=mapping,
        constants={},
        labelled=labelled,
        together=together,
    )
    program, files = fill_from_columns(call, program, files)
    loaded = build_dataset(call, files, placeholders=_placeholders(program), contract=contract)
    dataset = loaded.dataset
    if rows.keys() == {"train", "test"}:  # what selects candidates must not be what measures the gain
        halves = Dataset.split_by_hash(dataset.train, held_out=False)
        dataset = dataset.model_copy(update={"train": halves.train, "val": halves.val})
    notes = [*schema.role_lines(counts=False), *loaded.notes]
    notes += [f"answer: {contract.type}, since {proposal.reason}"] if proposal else []
    notes.append(", ".join(f"{len(dataset[split])} {split}" for split in SPLITS if dataset[split]) + " examples")
    return PythonData(
        dataset=dataset,
        program=program,
        answer=contract,
        together=together,
        columns=_example_fields(schema.roles),
        notes=tuple(notes),
    )


def _rows_of_split(value: Any, split: str, read: RowReader) -> Sequence[SourceRow]:
    rows = read(str(value), Path()) if isinstance(value, str | Path) else python_rows(value, split)
    if not rows:
        raise TaskError(f"{split} has no rows", where=f"{split}=", remedy="give at least 2 rows, better 50 or more")
    return rows


def _example_fields(roles: ColumnRoles) -> dict[str, str]:
    """Each column by its path and by the end of it."""
    inputs = (
        {roles.input: "input"} if isinstance(roles.input, str) else {path: name for name, path in roles.input.items()}
    )
    paths = inputs | ({roles.output[0]: "output"} if roles.output else {})
    ends = {path.rpartition(".")[2]: name for path, name in paths.items() if "." in path}
    return {column: name for column, name in {**ends, **paths}.items() if column and column != name}


def _mapping(given: Mapping[str, Any]) -> ColumnMapping:
    fields = {name: given[name] for name in ("input", "output", "id") if name in given}
    return ColumnMapping.model_validate(
        {name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()}
    )


def _with_guesses(mapping: ColumnMapping, schema: DataSchema) -> ColumnMapping:
    """What shapes suggest where no name is known; the notes tell it."""
    guessed = "".join(schema.roles.guesses)
    changes: dict[str, Any] = {}
    if mapping.input is None and isinstance(schema.roles.input, str) and f"input ← {schema.roles.input}:" in guessed:
        changes["input"] = schema.roles.input
    if mapping.output is None and schema.roles.output and f"output ← {schema.roles.output[0]}:" in guessed:
        changes["output"] = schema.roles.output[0]
    return mapping.model_copy(update=changes)


def _check_several_outputs(schema: DataSchema, given: Mapping[str, Any], own_metric: bool) -> None:
    if schema.lists and "together" not in given and not own_metric:
        raise TaskError(
            f"{schema.lists} rows have several outputs, and it is unclear whether an answer needs all of them",
            where="train=",
            possible=("together=True: an answer needs all", "together=False: any of them is right"),
            remedy="give one of the two, or a metric of your own",
        )


def _placeholders(program: Program) -> tuple[str, ...]:
    """The names in braces that no other prompt of the program provides."""
    names = (name for prompt in program.prompts.values() for name in prompt.placeholders)
    return tuple(name for name in dict.fromkeys(names) if name not in program.prompts)
