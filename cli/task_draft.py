"""A task in the making: what `init` was given, and how it becomes a task file that loads and can be scored."""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core.errors import TaskError, UsageError

if TYPE_CHECKING:
    from ..core.task import Task

_PASTED_FILE = "rows.jsonl"


@dataclass(frozen=True, kw_only=True)
class TaskDraft:
    """What was given on the command line or answered.

    pasted_examples: pairs of input and output. examples_optional: whether a run may generate the examples.
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

    @property
    def implied_answer_type(self) -> str | None:
        """The answer type that labels or a pattern imply."""
        return "label" if self.labels else "regex" if self.pattern else None


def write_draft(draft: TaskDraft, folder: Path) -> tuple[Path, Task]:
    """The task file and the task. It is first written and loaded elsewhere, and its evaluators are created, so only a
    task that loads and can be scored is written to the folder.

    Raises UsageError if something needed is missing or would be overwritten, TaskError if the parts do not match.
    """
    from ..runtime.tasks.loader import load_task
    from ..runtime.tasks.writer import write_task

    tables = _task_tables(draft, folder)
    with tempfile.TemporaryDirectory(prefix="maieutic-init-") as temporary:
        data = {}
        if draft.data is not None or draft.pasted_examples or not draft.examples_optional:
            data = {"data": {"path": str(_examples_file(draft, Path(temporary)))}}
        write_task(Path(temporary) / "draft", {**tables, **data})
        try:
            task = load_task(Path(temporary) / "draft")
        except TaskError as error:
            raise _without_temporary_path(error, temporary) from error
    _check_evaluators(task, folder)
    examples = {split: task.data[split] for split in ("train", "val", "test") if task.data[split]}
    task_file = write_task(folder, tables, examples)  # type: ignore[arg-type]
    return task_file, load_task(task_file)


def default_metric(answer_type: str) -> str:
    return {"number": "numeric", "json": "json_fields", "choice": "choice", "text": "token_f1"}.get(
        answer_type, "exact"
    )


def _check_evaluators(task: Task, folder: Path) -> None:
    """folder: of the new task, where the file of a metric is looked up."""
    from ..core.recipe import PluginRef
    from ..graphs.compatibility import create_evaluator
    from ..plugins.system.registry import Registry

    registry = Registry.load(folder=folder)
    for spec in task.evaluators:
        create_evaluator("evaluators", registry, PluginRef(use=spec.use, options=spec.options))


def _task_tables(draft: TaskDraft, folder: Path) -> dict[str, Any]:
    from ..core.models import EMBEDDED, ModelRef

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
        "prompt": _prompt_text(draft.prompt),
        "answer": answer,
        "evaluators": [{"use": draft.metric or default_metric(answer["type"])}],
        "models": {"target": target, "optimizer": str(ModelRef.parse(draft.optimizer or target))},
    }


def _prompt_text(prompt: str) -> str:
    """The prompt itself, or the content of the text file that it names."""
    from ..runtime.tasks.rows import read_text

    is_file_name = prompt.endswith((".txt", ".md")) and len(prompt.split()) == 1
    return read_text(Path(prompt)).rstrip("\n") if is_file_name else prompt


def _examples_file(draft: TaskDraft, temporary: Path) -> Path:
    if draft.data is not None:
        if not draft.data.exists():
            raise UsageError("no such file of examples", where=str(draft.data), remedy="correct --data")
        return draft.data.resolve()
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
