"""`maieutic data`: what a file of examples holds, and how it would be read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..core.errors import UsageError
from .options import AsJson, NoPlugins
from .output import print_json, print_table
from .printer import echo

if TYPE_CHECKING:
    from ..runtime.tasks.column_mapping import ColumnMapping
    from ..runtime.tasks.data_schema import AnswerProposal, DataSchema
    from ..runtime.tasks.rows import SourceRow

InputColumns = Annotated[
    list[str] | None, typer.Option("--input", metavar="PATH", help="column of the input; repeat it for several")
]
OutputColumns = Annotated[
    list[str] | None, typer.Option("--output", metavar="PATH", help="column of the reference, e.g. outputs.team")
]
IdColumn = Annotated[str | None, typer.Option("--id", metavar="PATH", help="column with ids")]
FieldColumns = Annotated[
    list[str] | None, typer.Option("--field", metavar="NAME=PATH", help="column that fills the placeholder NAME")
]
Encoding = Annotated[str | None, typer.Option(metavar="NAME", help="encoding of a text file, e.g. cp1252")]


def data(
    source: Annotated[str, typer.Argument(metavar="FILE", help="file of examples, or LOADER:SOURCE")],
    input_columns: InputColumns = None,
    output_columns: OutputColumns = None,
    id_column: IdColumn = None,
    fields: FieldColumns = None,
    encoding: Encoding = None,
    as_json: AsJson = False,
    no_plugins: NoPlugins = False,
) -> None:
    """Show the columns of a file of examples, and how they would be read.

    Nothing is written. `init` and `\\[data.fields]` of a task take the same names.
    """
    from ..runtime.tasks.data_schema import schema_json

    mapping = column_mapping(input_columns, output_columns, id_column, fields)
    rows, schema, proposal = inspect_source(source, mapping, encoding=encoding, no_plugins=no_plugins)
    if as_json:
        answer = {"type": proposal.contract.type, "labels": list(proposal.contract.labels), "reason": proposal.reason}
        print_json({**schema_json(schema), "answer": answer})
        return
    echo(f"{source}: {len(rows)} rows")
    print_table([vars(column) for column in schema.columns], ("name", "type", "filled", "distinct", "sample"))
    for line in [*schema.role_lines(), proposal_line(proposal)]:
        echo(line)


def inspect_source(
    source: str,
    mapping: ColumnMapping,
    *,
    placeholders: Sequence[str] = (),
    encoding: str | None = None,
    no_plugins: bool = False,
) -> tuple[Sequence[SourceRow], DataSchema, AnswerProposal]:
    """The rows of a source, relative to the working folder, their likely schema and the answer type that they suggest.

    Raises TaskError for a source that cannot be read, has no rows, or belongs to another tool's loader.
    """
    from ..core.errors import TaskError
    from ..plugins.loaders.files import dataset_reader
    from ..runtime.tasks.data_schema import infer_schema, propose_answer
    from ..runtime.tasks.rows import read_source
    from .lookup import load_registry

    folder = Path()
    if encoding is not None:
        rows = read_source(source, folder, encoding=encoding)
    else:
        rows = dataset_reader(load_registry(folder, no_plugins=no_plugins), trusted=True)(source, folder)
    if not rows:
        raise TaskError(f"{source} has no rows", where=source, remedy="provide at least 6 rows, better 50 or more")
    if any(name.startswith("__expected") for name in rows[0].fields):
        raise TaskError(
            "the columns __expected hold promptfoo's assertions, not outputs",
            where=source,
            remedy=f"read it by promptfoo's rules: promptfoo:{source}",
        )
    schema = infer_schema(source, rows, mapping, placeholders)
    return rows, schema, propose_answer(rows, schema)


def column_mapping(
    inputs: Sequence[str] | None, outputs: Sequence[str] | None, id_column: str | None, fields: Sequence[str] | None
) -> ColumnMapping:
    """`[data.fields]` from command-line options. Raises UsageError for a field without `=`."""
    from ..runtime.tasks.column_mapping import ColumnMapping

    named: dict[str, str] = {}
    for text in fields or ():
        name, equals, path = text.partition("=")
        if not equals or not name.strip() or not path.strip():
            raise UsageError(
                f"{text!r} is not NAME=PATH",
                where="--field",
                remedy="write a placeholder and its column: --field x=col",
            )
        named[name.strip()] = path.strip()
    source: str | tuple[str, ...] | Mapping[str, str] | None = None
    if named:
        source = {path.rpartition(".")[2]: path for path in inputs or ()} | named
    elif inputs:
        source = inputs[0] if len(inputs) == 1 else tuple(inputs)
    output = (outputs[0] if len(outputs) == 1 else tuple(outputs)) if outputs else None
    return ColumnMapping(input=source, output=output, id=id_column)


def proposal_line(proposal: AnswerProposal) -> str:
    contract = proposal.contract
    labels = f" ({', '.join(contract.labels)})" if contract.labels else ""
    return f"answer: {contract.type}{labels}: {proposal.reason}"


def fields_table(mapping: ColumnMapping) -> dict[str, Any]:
    """`[data.fields]` as it is written to a task file."""
    table: dict[str, Any] = {
        key: dict(value) if isinstance(value, Mapping) else list(value) if isinstance(value, tuple) else value
        for key, value in mapping.model_dump().items()
        if value is not None
    }
    return table
