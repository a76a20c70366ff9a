"""Makes the splits of a task from the rows of its files, with every row checked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ...core.answer import AnswerContract
from ...core.dataset import Dataset, Example, Split
from ...core.errors import TaskError
from .assertions import row_assertions
from .column_mapping import content_key, input_key, references, to_example
from .column_roles import ColumnRoles, find_roles
from .data_files import DataFiles
from .data_schema import DataSchema, describe_data
from .rows import SourceRow
from .toml_source import TomlSource

_MIN_ROWS = 6  # two each for train, val and test


@dataclass(frozen=True, kw_only=True)
class LoadedData:
    """The splits of a task, the schema of each of its files, and what a person should know about the rows."""

    dataset: Dataset
    schemas: tuple[DataSchema, ...] = ()
    notes: tuple[str, ...] = ()


def build_dataset(
    task_file: TomlSource, files: DataFiles, *, placeholders: Sequence[str], contract: AnswerContract
) -> LoadedData:
    """Map the rows to examples. A row without an output, among others that have one, is an unlabelled input."""
    required = [name for name in placeholders if name != "input"]
    examples: dict[Split, list[tuple[str, Example]]] = {}
    unlabelled: list[tuple[str, Example]] = []
    schemas = []
    for split, rows in files.rows.items():
        varying = [name for name in required if name not in files.constants]
        roles = find_roles(rows, files.fields, varying, structured=contract.type == "json")
        roles = _with_constant_inputs(roles, required, files.constants)
        _check_placeholders(task_file, rows, files, split, required, roles)
        schema = describe_data(files.sources[split], rows, roles, contract)
        schemas.append(schema)
        labelled = files.labelled and split != "target"
        partly = labelled and schema.unlabelled < len(rows)
        examples[split] = []
        for row in rows:
            # A row with assertions of its own is scored by them.
            needed = labelled and not row_assertions(row.fields)
            example = to_example(
                row,
                roles=roles,
                contract=contract,
                labelled=needed and not (partly and not references(row, roles, contract)),
                together=files.together,
            )
            scored = not needed or bool(example.outputs)
            (examples[split] if scored else unlabelled).append((row.where, example))
    if unlabelled:
        examples["target"] = [*examples.get("target", []), *unlabelled]
    if files.allow_leak:
        examples = _with_own_ids(examples)
    _check_unique(examples, allow_leak=files.allow_leak)
    splits = {split: tuple(example for _, example in pairs) for split, pairs in examples.items()}
    dataset = Dataset(**splits)
    if list(files.sources) == ["train"]:
        dataset = _split_one_file(task_file, dataset, files.sources["train"])
    return LoadedData(dataset=dataset, schemas=tuple(schemas), notes=tuple(_notes(schemas, dataset)))


def _split_one_file(task_file: TomlSource, dataset: Dataset, source: str) -> Dataset:
    if len(dataset.train) < _MIN_ROWS:
        raise task_file.error(
            f"{len(dataset.train)} rows in {source} are too few to split into train, val and test",
            "data",
            possible=(f"{_MIN_ROWS} rows or more",),
            remedy="add rows, better 100 or more, or name separate train and val files",
        )
    return Dataset.split_by_hash(dataset.train).model_copy(update={"target": dataset.target})


def _with_constant_inputs(roles: ColumnRoles, placeholders: Sequence[str], constants: Mapping[str, str]) -> ColumnRoles:
    """The input with the constants that the prompt asks for beside it, if it was only the constants or has others."""
    constant_inputs = {name: name for name in placeholders if name in constants}
    if not constant_inputs:
        return roles
    source = roles.input
    others = {"input": source} if isinstance(source, str) else dict(source)
    return replace(roles, input={**{n: path for n, path in others.items() if path}, **constant_inputs})


def _notes(schemas: Sequence[DataSchema], dataset: Dataset) -> Iterator[str]:
    """Unlabelled rows, and inputs that several splits share apart from case and spaces."""
    for schema in schemas:
        yield from schema.notes
        if 0 < schema.unlabelled < schema.rows:
            yield (
                f"{schema.source}: {schema.unlabelled} of {schema.rows} rows have no output; "
                f"they are unlabelled inputs (split target), {schema.rows - schema.unlabelled} are scored"
            )
    splits: dict[str, Split] = {}
    shared: dict[tuple[Split, Split], list[str]] = {}
    for split in ("train", "val", "test"):
        for example in dataset[split]:
            first = splits.setdefault(input_key(example), split)
            if first != split:
                shared.setdefault((first, split), []).append(example.text)
    for (first, second), texts in shared.items():
        sample = " ".join(texts[0].split())
        yield (
            f"{len(texts)} inputs of {second} are also in {first}, but for letter case, spaces or the output "
            f"({sample[:60]!r}): what is learned there may be measured again"
        )


def _check_placeholders(
    task_file: TomlSource,
    rows: Sequence[SourceRow],
    files: DataFiles,
    split: Split,
    placeholders: Sequence[str],
    roles: ColumnRoles,
) -> None:
    """Raises TaskError for a placeholder without a column."""
    if files.fields.input is not None:
        return
    columns = {str(name).strip(): value for name, value in rows[0].fields.items()}
    secret = {path.partition(".")[0] if path not in columns else path for path in roles.output}
    visible = [name for name in columns if name not in secret]
    inner = [name for column in visible if isinstance(value := columns[column], dict) for name in value]
    for name in placeholders:
        if name not in visible and name not in inner:
            what = "which is the output column" if name in secret else f"which is no column of {files.sources[split]}"
            raise task_file.error(
                f"the prompt asks for {{{name}}}, {what}",
                *(("prompt",) if "prompt" in task_file.tables else ("program",)),
                possible=[f"{{{column}}}" for column in dict.fromkeys(["input", *visible, *inner])],
                remedy="rename the placeholder, add the column, or write {{ }} for literal braces",
            )


def _with_own_ids(examples: Mapping[Split, list[tuple[str, Example]]]) -> dict[Split, list[tuple[str, Example]]]:
    """The examples, those that an earlier split has too under an id of their split: all ids of a task differ."""
    used: set[str] = set()
    renamed: dict[Split, list[tuple[str, Example]]] = {}
    for split, pairs in examples.items():
        renamed[split] = [
            (where, row.model_copy(update={"id": f"{row.id}-{split}"}) if row.id in used else row)
            for where, row in pairs
        ]
        used |= {row.id for _, row in pairs}
    return renamed


def _check_unique(examples: Mapping[Split, Sequence[tuple[str, Example]]], *, allow_leak: bool) -> None:
    """Raises TaskError for a duplicate id and, unless a leak is allowed, for the same row in two splits."""
    ids: dict[str, str] = {}
    contents: dict[str, tuple[Split, str]] = {}
    for split, pairs in examples.items():
        for where, example in pairs:
            content = content_key(example)
            first = contents.setdefault(content, (split, where))
            if first[0] != split and not allow_leak:
                raise TaskError(
                    f"the same row is in {first[0]} and {split}: {example.text[:60]!r}",
                    where=f"{where} repeats {first[1]}",
                    remedy="remove it from one of them: test data must not be used for optimization; "
                    "or write allow_leak = true under [data], and the report says so",
                )
            if example.id in ids:
                same = first[1] != where
                what = f"duplicate row: {example.text[:60]!r}" if same else f"duplicate id {example.id!r}"
                raise TaskError(
                    what,
                    where=f"{where} repeats {ids[example.id]} (id {example.id})",
                    remedy="remove one of them, or give the rows different ids",
                )
            ids[example.id] = where
