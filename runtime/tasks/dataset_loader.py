"""Loads the `[data]` of a task: from files to splits, with every row checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ...core.answer import AnswerContract
from ...core.dataset import SPLITS, Dataset, Example, Split
from ...core.errors import TaskError
from .column_mapping import ColumnMapping, content_key, output_columns, to_example
from .rows import READERS, RowReader, SourceRow
from .toml_source import TomlSource

_KEYS = (*SPLITS, "path", "fields", "labelled")
_ALIASES: Mapping[str, Split] = {"validation": "val", "valid": "val", "dev": "val", "training": "train"}
_MIN_ROWS = 6  # two each for train, val and test


def load_dataset(
    task_file: TomlSource, value: Any, *, placeholders: Sequence[str], contract: AnswerContract, read: RowReader
) -> Dataset:
    """The splits of `[data]`: one file each, a folder of files, or one file that is split by hash."""
    table = {"path": value} if isinstance(value, str) else task_file.table(value, "data")
    task_file.check_keys(table, _KEYS, "data")
    fields = task_file.wrap_errors(
        lambda: ColumnMapping.model_validate(_lists_to_tuples(table.get("fields", {}))),
        "data",
        "fields",
        known=ColumnMapping.model_fields,
    )
    labelled = table.get("labelled", True)
    if not isinstance(labelled, bool):
        raise task_file.error(f"labelled is {labelled!r}", "data", "labelled", possible=("true", "false"))
    sources = _sources(task_file, table)
    required = [name for name in placeholders if name != "input"]
    examples: dict[Split, list[tuple[str, Example]]] = {}
    for split, source in sources.items():
        rows = task_file.wrap_errors(lambda source=source: read(source, task_file.folder), "data", split)  # type: ignore[misc]
        _check_columns(task_file, rows, source, required, fields)
        examples[split] = [
            (
                row.where,
                to_example(
                    row,
                    fields=fields,
                    placeholders=required,
                    contract=contract,
                    labelled=labelled and split != "target",
                ),
            )
            for row in rows
        ]
    _check_unique(examples)
    splits = {split: tuple(example for _, example in pairs) for split, pairs in examples.items()}
    if list(splits) != ["train"]:
        return Dataset(**splits)
    if len(splits["train"]) < _MIN_ROWS:
        raise task_file.error(
            f"{len(splits['train'])} rows in {sources['train']} are too few to split into train, val and test",
            "data",
            possible=(f"{_MIN_ROWS} rows or more",),
            remedy="add rows, better 100 or more, or name separate train and val files",
        )
    return Dataset.split_by_hash(splits["train"])


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


def _check_columns(
    task_file: TomlSource, rows: Sequence[SourceRow], source: str, placeholders: Sequence[str], fields: ColumnMapping
) -> None:
    """Raises TaskError for a file without rows, and for a placeholder without a column."""
    if not rows:
        raise TaskError(
            f"{source} has no rows",
            where=str(task_file.folder / source),
            remedy="provide at least 2 rows, better 50 or more",
        )
    if fields.input is not None:
        return
    columns = {str(name).strip(): value for name, value in rows[0].fields.items()}
    secret = output_columns(columns, fields)
    visible = [name for name in columns if name not in secret]
    inner = [name for column in visible if isinstance(value := columns[column], dict) for name in value]
    for name in placeholders:
        if name not in visible and name not in inner:
            what = "which is the output column" if name in secret else f"which is no column of {source}"
            raise task_file.error(
                f"the prompt asks for {{{name}}}, {what}",
                *(("prompt",) if "prompt" in task_file.tables else ("program",)),
                possible=[f"{{{column}}}" for column in dict.fromkeys(["input", *visible, *inner])],
                remedy="rename the placeholder, add the column, or write {{ }} for literal braces",
            )


def _check_unique(examples: Mapping[Split, Sequence[tuple[str, Example]]]) -> None:
    """Raises TaskError for a duplicate id, and for the same row in two splits under any ids."""
    ids: dict[str, str] = {}
    contents: dict[str, tuple[Split, str]] = {}
    for split, pairs in examples.items():
        for where, example in pairs:
            content = content_key(example)
            first = contents.setdefault(content, (split, where))
            if first[0] != split:
                raise TaskError(
                    f"the same row is in {first[0]} and {split}: {example.text[:60]!r}",
                    where=f"{where} repeats {first[1]}",
                    remedy="remove it from one of them: test data must not be used for optimization",
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
