"""Loads the `[data]` of a task: from files to splits, with every row checked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ...core.answer import AnswerContract
from ...core.dataset import SPLITS, Dataset, Example, Split
from ...core.errors import TaskError
from .column_mapping import ColumnMapping, content_key, input_key, references, to_example
from .column_roles import ColumnRoles, all_columns, find_roles
from .column_values import as_text, leaf_paths
from .data_schema import ASSERTIONS, DataSchema, describe_data
from .rows import READERS, RowReader, SourceRow, read_source
from .toml_source import TomlSource

_KEYS = (*SPLITS, "path", "fields", "values", "labelled", "together", "alternatives", "encoding", "allow_leak")
_FLAGS = ("labelled", "together", "alternatives", "allow_leak")
_ALIASES: Mapping[str, Split] = {"validation": "val", "valid": "val", "dev": "val", "training": "train"}
_MIN_ROWS = 6  # two each for train, val and test


@dataclass(frozen=True, kw_only=True)
class DataFiles:
    """The rows of `[data]` as they were read, and how they are mapped to examples.

    constants: `[data.values]`, fields that are the same in every row; the rows have them already.
    """

    sources: Mapping[Split, str]
    rows: Mapping[Split, Sequence[SourceRow]]
    fields: ColumnMapping
    constants: Mapping[str, str]
    labelled: bool
    together: bool
    allow_leak: bool = False

    @property
    def columns(self) -> list[str]:
        """Every column and path of the first source: what a placeholder of the prompt may name."""
        rows = next(iter(self.rows.values()), ())
        return list(dict.fromkeys([*all_columns(rows), *leaf_paths(rows)]))


@dataclass(frozen=True, kw_only=True)
class LoadedData:
    """The splits of a task, the schema of each of its files, and what a person should know about the rows."""

    dataset: Dataset
    schemas: tuple[DataSchema, ...] = ()
    notes: tuple[str, ...] = ()


def load_dataset(
    task_file: TomlSource, value: Any, *, placeholders: Sequence[str], contract: AnswerContract, read: RowReader
) -> Dataset:
    """The splits of `[data]`: one file each, a folder of files, or one file that is split by hash."""
    files = read_data_files(task_file, value, read=read)
    return build_dataset(task_file, files, placeholders=placeholders, contract=contract).dataset


def read_data_files(task_file: TomlSource, value: Any, *, read: RowReader) -> DataFiles:
    """Check `[data]` and read the rows of its files."""
    table = {"path": value} if isinstance(value, str) else task_file.table(value, "data")
    task_file.check_keys(table, _KEYS, "data")
    fields = task_file.wrap_errors(
        lambda: ColumnMapping.model_validate(_lists_to_tuples(table.get("fields", {}))),
        "data",
        "fields",
        known=ColumnMapping.model_fields,
    )
    flags: dict[str, Any] = {key: table.get(key, key == "labelled") for key in _FLAGS}
    for key, flag in flags.items():
        if not isinstance(flag, bool):
            raise task_file.error(f"{key} is {flag!r}", "data", key, possible=("true", "false"))
    if flags["together"] and flags["alternatives"]:
        raise task_file.error(
            "[data] has both together and alternatives",
            "data",
            "together",
            remedy="together: an answer needs all outputs of a row; alternatives: any of them is right",
        )
    constants = _constants(task_file, table)
    encoding = table.get("encoding")
    if encoding is not None and not isinstance(encoding, str):
        raise task_file.error(f"encoding is {encoding!r}", "data", "encoding", remedy='write encoding = "cp1252"')
    sources = _sources(task_file, table)
    rows: dict[Split, Sequence[SourceRow]] = {}
    for split, source in sources.items():
        listed = task_file.wrap_errors(
            lambda source=source: _read_rows(source, task_file.folder, encoding, read),  # type: ignore[misc]
            "data",
            split,
        )
        if not listed:
            raise TaskError(
                f"{source} has no rows",
                where=str(task_file.folder / source),
                remedy="provide at least 2 rows, better 50 or more",
            )
        rows[split] = _with_constants(task_file, listed, constants)
    return DataFiles(
        sources=sources,
        rows=rows,
        fields=fields,
        constants=constants,
        labelled=flags["labelled"],
        together=flags["together"],
        allow_leak=flags["allow_leak"],
    )


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
            needed = labelled and not row.fields.get(ASSERTIONS)
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


def _read_rows(source: str, folder: Path, encoding: str | None, read: RowReader) -> list[SourceRow]:
    return read(source, folder) if encoding is None else read_source(source, folder, encoding=encoding)


def _constants(task_file: TomlSource, table: Mapping[str, Any]) -> dict[str, str]:
    values = task_file.table(table.get("values", {}), "data", "values")
    for name, value in values.items():
        if not isinstance(value, str | int | float):
            raise task_file.error(f"{name} must be a text or a number", "data", "values", name)
    return {name: as_text(value) for name, value in values.items()}


def _with_constants(
    task_file: TomlSource, rows: Sequence[SourceRow], constants: Mapping[str, str]
) -> Sequence[SourceRow]:
    if not constants:
        return rows
    for name in all_columns(rows):
        if name in constants:
            raise task_file.error(
                f"{name} is a column of the data and a constant",
                "data",
                "values",
                name,
                remedy="rename the constant, or remove it",
            )
    return [replace(row, fields={**row.fields, **constants}) for row in rows]


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


def _sources(task_file: TomlSource, table: Mapping[str, Any]) -> dict[Split, str]:
    """Split → file. A single file is under `train`."""
    files: dict[Split, str] = {split: table[split] for split in SPLITS if split in table}
    for key in (*files, *(["path"] if "path" in table else [])):
        source = table[key]
        if not isinstance(source, str) or not source.strip():
            raise task_file.error(f"{key} must name a file, this is {source!r:.60}", "data", key, remedy='"rows.jsonl"')
    if "path" not in table:
        if not files:
            raise task_file.error("[data] names no file", "data", possible=_KEYS, remedy='write train = "train.jsonl"')
        return files
    if files:
        raise task_file.error(
            f"[data] names both path and {', '.join(files)}", "data", "path", remedy="keep one of the two"
        )
    place = task_file.folder / table["path"]
    return _folder_sources(task_file, place) if place.is_dir() else {"train": table["path"]}


def _folder_sources(task_file: TomlSource, place: Path) -> dict[Split, str]:
    """The splits in a folder, by file name: train.jsonl, val.csv, …"""
    files: dict[Split, str] = {}
    names: dict[str, Split] = {split: split for split in SPLITS} | dict(_ALIASES)
    for file in sorted(path for path in place.iterdir() if path.suffix.casefold() in READERS):
        split = names.get(file.stem.casefold())
        if split is not None and split in files:
            raise task_file.error(f"two files for the split {split}: {Path(files[split]).name} and {file.name}", "data")
        if split is not None:
            files[split] = str(file)
    if not files:
        raise task_file.error(
            f"no file in the folder {place} is named after a split",
            "data",
            possible=[f"{split}.jsonl" for split in SPLITS],
            remedy="rename the files, or list them under [data]",
        )
    return {split: files[split] for split in SPLITS if split in files}


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


def _lists_to_tuples(table: Any) -> Any:
    """TOML lists as tuples, because the models are frozen."""
    if not isinstance(table, dict):
        return table
    return {key: tuple(value) if isinstance(value, list) else value for key, value in table.items()}
