"""A task in the making: what `init` was given, and how it becomes a task file that loads and can be scored."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core.errors import TaskError, UsageError

if TYPE_CHECKING:
    from ..core.task import Task

_PASTED_FILE = "rows.jsonl"


@dataclass(frozen=True, kw_only=True)
class TaskDraft:
    """What was given on the command line or answered.

    metric_options: of the proposed metric. pasted_examples: pairs of input and output.
    examples_optional: whether a run may generate the examples. inputs,
    outputs, id_column, fields: columns, as the options give them. together, alternatives: what several outputs of a
    row mean.
    """

    name: str | None = None
    description: str | None = None
    prompt: str | None = None
    data: Path | None = None
    answer: str | None = None
    labels: tuple[str, ...] = ()
    pattern: str | None = None
    metric: str | None = None
    target: str | None = None
    optimizer: str | None = None
    pasted_examples: tuple[tuple[str, str], ...] = ()
    examples_optional: bool = False
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    id_column: str | None = None
    fields: tuple[str, ...] = ()
    encoding: str | None = None
    together: bool = False
    alternatives: bool = False
    allow_leak: bool = False
    metric_options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def implied_answer_type(self) -> str | None:
        """The answer type that labels or a pattern imply."""
        return "label" if self.labels else "regex" if self.pattern else None


@dataclass(frozen=True, kw_only=True)
class WrittenTask:
    """What `init` wrote. lines: how the data were read, for a person. draft: with the proposed answer type."""

    file: Path
    task: Task
    draft: TaskDraft
    lines: tuple[str, ...] = ()


def write_draft(draft: TaskDraft, folder: Path) -> tuple[Path, Task]:
    """The task file and the task; see `write_draft_with_lines`."""
    written = write_draft_with_lines(draft, folder)
    return written.file, written.task


def write_draft_with_lines(draft: TaskDraft, folder: Path) -> WrittenTask:
    """Write the task. It is first written and loaded elsewhere, and its evaluators are created, so only a task that
    loads and can be scored is written to the folder. References are written as they stand in the data.

    Raises UsageError if something needed is missing or would be overwritten, TaskError if the parts do not match.
    """
    from ..core.dataset import SPLITS
    from ..plugins.loaders.files import dataset_reader
    from ..plugins.system.consent import record_consent
    from ..plugins.system.registry import Registry
    from ..plugins.system.task_access import access_of_file
    from ..runtime.tasks.loader import load_task, load_task_with_schemas
    from ..runtime.tasks.writer import write_task

    draft, prompt_lines = _with_prompt_of_data(draft)
    draft, data, lines = _read_draft_data(draft)
    lines = [*prompt_lines, *lines]
    tables = _task_tables(draft, folder)
    with tempfile.TemporaryDirectory(prefix="maieutic-init-") as temporary:
        if draft.data is None and (draft.pasted_examples or not draft.examples_optional):
            data = {"path": str(_pasted_file(draft, Path(temporary)))}
        place = Path(temporary) / "draft"
        task_file = write_task(place, {**tables, **({"data": data} if data else {})})
        read = dataset_reader(Registry.load(folder=folder), trusted=True)  # the command line names it
        try:
            loaded = load_task_with_schemas(place, read=read)
            task = source_task = loaded.task
            if task.answer.type in ("number", "label"):
                task_file.unlink()
                write_task(place, {**tables, "answer": {}, **({"data": data} if data else {})})
                source_task = load_task(place, read=read)
        except TaskError as error:
            raise _without_temporary_path(error, temporary) from error
    _check_evaluators(task, folder)
    examples = {split: source_task.data[split] for split in SPLITS if source_task.data[split]}
    tables["prompt"] = _converted_prompt(draft.prompt or "", task)
    roles = [line for schema in loaded.schemas for line in schema.role_lines(counts=False)] if draft.data else []
    fields = _names_of_written_columns(source_task)
    written: dict[str, Any] = {"fields": fields} if fields else {}
    written |= {key: True for key in ("alternatives", "allow_leak") if getattr(draft, key)}
    task_file = write_task(folder, {**tables, **({"data": written} if written else {})}, examples)
    record_consent(access_of_file(task_file))  # the person has just named all of it
    return WrittenTask(
        file=task_file,
        task=load_task(task_file),
        draft=draft,
        lines=tuple(dict.fromkeys([*roles, *lines, *(f"note: {note}" for note in loaded.notes)])),
    )


def _with_prompt_of_data(draft: TaskDraft) -> tuple[TaskDraft, list[str]]:
    """The draft with the first prompt of a promptfoo configuration, where none is given, and lines that say so."""
    loader, colon, source = str(draft.data or "").partition(":")
    if draft.prompt or not colon or loader != "promptfoo":
        return draft, []
    from ..plugins.loaders.promptfoo import first_prompt

    text, notes = first_prompt(source, Path())
    lines = [f"prompt ← the first of {Path(source).name}", *(f"note: {note}" for note in notes)]
    return (replace(draft, prompt=text), lines) if text else (draft, [])


def _read_draft_data(draft: TaskDraft) -> tuple[TaskDraft, dict[str, Any], list[str]]:
    """The draft with an answer type that its data suggest, `[data]` to read them by, and lines that say how.

    Raises UsageError where the input or the reference cannot be told, with the columns and the option that names one.
    """
    from .data import column_mapping, fields_table, inspect_source, proposal_line

    if draft.data is None:
        return draft, {}, []
    source = absolute_source(draft)
    options = {"encoding": draft.encoding} if draft.encoding else {}
    mapping = column_mapping(draft.inputs, draft.outputs, draft.id_column, draft.fields)
    flags = {key: True for key in ("together", "alternatives", "allow_leak") if getattr(draft, key)}
    if Path(source).is_dir():
        return draft, {"path": source, "fields": fields_table(mapping), **options, **flags}, []
    placeholders = column_placeholders(draft.prompt or "")
    _, schema, proposal = inspect_source(source, mapping, placeholders=placeholders, encoding=draft.encoding)
    roles = schema.roles
    columns = [column.name for column in schema.columns]
    for option, role in (("--input", roles.input), ("--output", roles.output or roles.conversation or schema.asserted)):
        if not role:
            raise UsageError(
                f"no column is plainly the {option.removeprefix('--')}",
                where=str(draft.data),
                possible=columns,
                remedy=f"name it: {option} COLUMN",
            )
    if (
        schema.lists
        and len(roles.output) == 1
        and not (draft.together or draft.alternatives)
        and draft.metric is None
        and draft.answer is None
    ):
        raise UsageError(
            f"{schema.lists} rows have several outputs, and it is unclear whether an answer needs all of them",
            where=str(draft.data),
            possible=("--together: an answer needs all", "--alternatives: any of them is right"),
            remedy="give one of the two options",
        )
    changes: dict[str, Any] = {}
    if roles.guesses and mapping.input is None and isinstance(roles.input, str):
        changes["input"] = roles.input
    if mapping.output is None and roles.output and roles.output[0] in "".join(roles.guesses):
        changes["output"] = roles.output[0]
    mapping = mapping.model_copy(update=changes)
    lines = [f"guessed: {guess}" for guess in roles.guesses]
    if draft.answer is None and draft.implied_answer_type is None and not draft.together:
        draft = replace(draft, answer=proposal.contract.type, labels=proposal.contract.labels)
        lines.append(proposal_line(proposal))
    if draft.metric is None and proposal.metric is not None:
        draft = replace(draft, metric=proposal.metric, metric_options=proposal.options)
        lines.append(f"metric: {proposal.metric}{options_text(proposal.options)}")
    return draft, {"path": source, "fields": fields_table(mapping), **options, **flags}, lines


def absolute_source(draft: TaskDraft) -> str:
    """The source of the data for a task in another folder; a loader's own name stays before it."""
    path = draft.data or Path()
    if path.exists():
        return str(path.resolve())
    loader, colon, rest = str(path).partition(":")
    if not colon or len(loader) < 2:  # a single letter is a drive
        raise UsageError("no such file of examples", where=str(path), remedy="correct --data")
    file, mark, part = rest.partition("#")
    return f"{loader}:{Path(file).resolve()}{mark}{part}" if Path(file).exists() else str(path)


def column_placeholders(prompt: str) -> tuple[str, ...]:
    """The names that a prompt has in braces, which name columns if there are such."""
    from ..core.prompt import placeholders_in

    return placeholders_in(_prompt_text(prompt)) if prompt else ()


def _converted_prompt(prompt: str, task: Task) -> Any:
    """The start prompt as the task reads it: with placeholders in our notation."""
    if isinstance(parts := _prompt_value(prompt), dict):
        return {**parts, "instruction": task.program.main.instruction, "system": task.program.main.system}
    if len(task.program.prompts) == 1 and task.program.main.template == "jinja":
        return {"template": "jinja", "instruction": task.program.main.instruction}
    return task.program.main.instruction if len(task.program.prompts) == 1 else _prompt_text(prompt)


def _names_of_written_columns(task: Task) -> dict[str, str]:
    """`[data.fields]` for rows whose other columns have names that would be taken for the input or the reference."""
    from ..runtime.tasks.column_roles import KNOWN_COLUMNS

    examples = list(task.data.examples())
    if not any(name in KNOWN_COLUMNS for example in examples for name in example.metadata):
        return {}
    return {"input": "input", "output": "output"}


def options_text(options: Mapping[str, Any]) -> str:
    """` (judged = 2)`; empty without options."""
    return f" ({', '.join(f'{name} = {value}' for name, value in options.items())})" if options else ""


def _check_evaluators(task: Task, folder: Path) -> None:
    """folder: of the new task, where the file of a metric is looked up."""
    from ..core.dataset import SCORED_SPLITS
    from ..core.evaluator_protocols import ChecksExamples
    from ..core.recipe import PluginRef
    from ..graphs.compatibility import create_evaluator
    from ..plugins.system.registry import Registry

    registry = Registry.load(folder=folder)
    for spec in task.evaluators:
        evaluator = create_evaluator("evaluators", registry, PluginRef(use=spec.use, options=spec.options))
        if isinstance(evaluator, ChecksExamples):
            evaluator.check_examples([row for split in SCORED_SPLITS for row in task.data[split]])


def _task_tables(draft: TaskDraft, folder: Path) -> dict[str, Any]:
    from ..core.models import EMBEDDED, ModelRef
    from ..runtime.tasks.data_schema import default_metric

    if not draft.prompt:
        raise UsageError("a task needs a start prompt", where="--prompt", remedy='give --prompt "…", or a file with it')
    answer: dict[str, Any] = {"type": draft.answer or draft.implied_answer_type or "text"}
    if answer["type"] == "regex" and not draft.pattern:
        raise UsageError("a regex answer needs a pattern", where="--answer", remedy="give --pattern '…'")
    if draft.pattern and answer["type"] != "regex":
        raise UsageError(f"a {answer['type']} answer has no pattern", where="--pattern", remedy="give --answer regex")
    if draft.labels:
        answer["labels"] = list(draft.labels)
    if draft.pattern:
        answer["pattern"] = draft.pattern
    target = str(ModelRef.parse(draft.target or EMBEDDED))
    return {
        "name": draft.name or folder.resolve().name,
        "description": draft.description or "",
        "prompt": _prompt_value(draft.prompt),
        "answer": answer,
        "evaluators": [
            {
                "use": draft.metric or ("set" if draft.together else default_metric(answer["type"])),
                **draft.metric_options,
            }
        ],
        "models": {"target": target, "optimizer": str(ModelRef.parse(draft.optimizer or target))},
    }


def _prompt_value(prompt: str) -> Any:
    """The prompt for a task file: a text, or the parts of a transcript."""
    from ..core.transcript import is_transcript, read_prompt_text

    text = _prompt_text(prompt)
    if not is_transcript(text):
        return text
    parts = read_prompt_text(text, prompt).model_dump(exclude={"placeholders"}, exclude_defaults=True)
    return {**parts, "demos": [dict(demo) for demo in parts.get("demos", ())]}


def _prompt_text(prompt: str) -> str:
    """The prompt itself, or the content of the text file that it names."""
    from ..runtime.tasks.rows import read_text

    is_file_name = prompt.endswith((".txt", ".md")) and len(prompt.split()) == 1
    return read_text(Path(prompt)).rstrip("\n") if is_file_name else prompt


def _pasted_file(draft: TaskDraft, temporary: Path) -> Path:
    if not draft.pasted_examples:
        raise UsageError("a task needs examples", where="--data", remedy="give --data FILE with at least 6 examples")
    lines = [
        json.dumps({"input": input_text, "output": output}, ensure_ascii=False)
        for input_text, output in draft.pasted_examples
    ]
    path = temporary / _PASTED_FILE
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def _without_temporary_path(error: TaskError, temporary: str) -> TaskError:
    """The temporary folder is deleted by the time a person reads the error, so the error must not name it."""
    where = None if error.where is None or temporary in error.where else error.where
    return TaskError(error.what, where=where, possible=error.possible, remedy=error.remedy)
