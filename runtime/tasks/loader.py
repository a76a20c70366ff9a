"""Loads tasks from `task.toml` and its data files. Every mistake is one TaskError, before anything is spent."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ...core.dataset import Dataset
from ...core.errors import TaskError
from ...core.multitask import DEFAULT_SYSTEM_PROMPT, join_tasks
from ...core.task import EvaluatorSpec, Task
from .data_files import read_data_files
from .data_schema import DataSchema, reading_lines
from .dataset_loader import LoadedData, build_dataset
from .program_templates import fill_from_columns
from .rows import RowReader, read_source
from .task_tables import (
    other_prompts,
    parse_answer_contract,
    parse_constraints,
    parse_evaluators,
    parse_models,
    parse_program,
    parse_prompt,
    parse_target,
)
from .toml_source import TomlSource

TASK_FILE = "task.toml"
_KEYS = (
    "name",
    "description",
    "prompt",
    "program",
    "target",
    "data",
    "answer",
    "evaluators",
    "models",
    "constraints",
    "rules",
    "plugins",
)
_MULTITASK_KEYS = ("name", "description", "tasks", "system", "models", "constraints", "plugins")


@dataclass(frozen=True, kw_only=True)
class LoadedTask:
    """A task with what its files were read as. notes: what a person should know about the rows."""

    task: Task
    schemas: tuple[DataSchema, ...] = ()
    notes: tuple[str, ...] = ()


def load_task(path: str | Path, *, read: RowReader = read_source, trust: bool = False) -> Task:
    """Load a task.

    With the key `tasks`, the file joins several tasks. Without `[data]` the splits are empty, and a run generates the
    examples. Without outputs and without evaluators nothing is scored, and outputs can only be compared.

    Args:
        path: a task file, or a folder with a `task.toml`. Paths in the file are relative to it.
        read: reads the rows of a data file; `plugins.loaders.reader` adds the loaders of plugins.
        trust: agree that a run executes the code that the file names, and sends keys to the hosts that it names.

    Returns:
        The checked task.

    Raises:
        TaskError: for any mistake, with file and line.
    """
    task = load_task_with_schemas(path, read=read).task
    return task.model_copy(update={"trusted": True}) if trust else task


def load_task_with_schemas(path: str | Path, *, read: RowReader = read_source) -> LoadedTask:
    """As `load_task`, with the schema of every file and notes on the rows."""
    task_file = TomlSource.read(_find_task_file(Path(path)))
    if "tasks" in task_file.tables:
        return _load_multitask(task_file, read)
    task_file.check_keys(task_file.tables, _KEYS)
    program = parse_program(task_file)
    contract = parse_answer_contract(task_file)
    data = Dataset()
    loaded = LoadedData(dataset=data)
    if "data" in task_file.tables:
        files = read_data_files(task_file, task_file.tables["data"], read=read)
        program, files = fill_from_columns(task_file, program, files)
        names = (
            placeholder
            for name, p in program.prompts.items()
            for placeholder in p.placeholders
            if placeholder not in other_prompts(program, name)
        )
        placeholders = list(dict.fromkeys(names))
        loaded = build_dataset(task_file, files, placeholders=placeholders, contract=contract)
        data = loaded.dataset
    compared = (
        "evaluators" not in task_file.tables
        and "data" in task_file.tables
        and not any(r.outputs for r in data.examples())
    )
    evaluators = () if compared else parse_evaluators(task_file)
    if compared and any(schema.asserted for schema in loaded.schemas):
        evaluators = (EvaluatorSpec(use="promptfoo"),)
    models = parse_models(task_file)
    rest = {key: task_file.tables[key] for key in ("name", "description", "plugins") if key in task_file.tables}
    rest.setdefault("name", task_file.path.resolve().parent.name)
    task = task_file.wrap_errors(
        lambda: Task(
            **rest,
            program=program,
            target=parse_target(task_file, program),
            data=data,
            evaluators=evaluators,
            answer=contract,
            models=models,
            constraints=parse_constraints(task_file),
            rules=tuple(task_file.tables.get("rules", ())),
            data_notes=(*reading_lines(loaded.schemas), *loaded.notes),
            source=str(task_file.path),
        )
    )
    checked = task_file.wrap_errors(task.check) if "data" in task_file.tables else task
    return LoadedTask(task=checked, schemas=loaded.schemas, notes=loaded.notes)


def named_plugins(path: str | Path) -> tuple[str, ...]:
    """The plugins that a task file names, before anything else of it is read: its data may need their loaders."""
    task_file = TomlSource.read(_find_task_file(Path(path)))
    listed = task_file.tables.get("plugins", ())
    return tuple(name for name in listed if isinstance(name, str)) if isinstance(listed, list) else ()


def _find_task_file(path: Path) -> Path:
    if path.is_dir():
        if (path / TASK_FILE).is_file():
            return path / TASK_FILE
        raise TaskError(
            f"the folder has no {TASK_FILE}",
            where=str(path),
            possible=sorted(file.name for file in path.glob("*.toml")),
            remedy="write one with `maieutic init`, or name the file",
        )
    if not path.is_file():
        folder = path.parent if path.parent.is_dir() else Path()
        raise TaskError(
            f"there is no task {path.name!r}",
            where=str(path),
            possible=sorted(str(file) for file in (*folder.glob("*.toml"), *folder.glob(f"*/{TASK_FILE}")))[:12],
            remedy="name a task file, or a folder with a task.toml",
        )
    return path


def _load_multitask(task_file: TomlSource, read: RowReader) -> LoadedTask:
    """Several tasks in one: `tasks` names their files or folders, `system` is their shared prompt."""
    task_file.check_keys(task_file.tables, _MULTITASK_KEYS)
    listed = task_file.tables["tasks"]
    if not isinstance(listed, list) or not all(isinstance(name, str) for name in listed):
        raise task_file.error(
            "tasks must be a list of files or folders", "tasks", remedy='tasks = ["reviews", "tickets"]'
        )
    parts = [load_task_with_schemas(task_file.folder / name, read=read) for name in listed]
    tasks = [part.task for part in parts]
    rest = {key: task_file.tables[key] for key in ("description", "plugins") if key in task_file.tables}
    system = (
        parse_prompt(task_file, task_file.tables["system"], "system")
        if "system" in task_file.tables
        else DEFAULT_SYSTEM_PROMPT
    )
    task = task_file.wrap_errors(
        lambda: join_tasks(
            tasks,
            name=task_file.tables.get("name", task_file.path.resolve().parent.name),
            system=system,
            models=parse_models(task_file) if "models" in task_file.tables else tasks[0].models,
            constraints=parse_constraints(task_file),
            source=str(task_file.path),
            **rest,
        ),
        "tasks",
    )
    task = task.model_copy(update={"data_notes": tuple(note for part in tasks for note in part.data_notes)})
    return LoadedTask(
        task=task_file.wrap_errors(task.check),
        schemas=tuple(schema for part in parts for schema in part.schemas),
        notes=tuple(note for part in parts for note in part.notes),
    )
