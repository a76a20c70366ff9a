"""The examples of a file that no task describes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ...core.answer import AnswerContract
from ...core.dataset import Example
from ...core.errors import TaskError
from .column_mapping import ColumnMapping, to_example
from .data_schema import infer_schema
from .rows import RowReader, read_source


def read_examples(
    source: str, *, placeholders: Sequence[str] = (), read: RowReader = read_source, folder: Path | str = "."
) -> tuple[Example, ...]:
    """The rows of a source as examples, each once, by their likely columns; outputs may be missing.

    Raises TaskError for a source that cannot be read, has no rows, or whose input column cannot be told.
    """
    rows = read(source, Path(folder))
    if not rows:
        raise TaskError(f"{source} has no rows", where=source, remedy="give a file with examples, or none")
    roles = infer_schema(source, rows, ColumnMapping(), placeholders).roles
    contract = AnswerContract()
    examples = [to_example(row, roles=roles, contract=contract, labelled=False) for row in rows]
    return tuple({example.id: example for example in examples}.values())
