"""`init`: what a person wishes, asked where it is not given, and written down once it holds together."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from ..core.errors import TaskError, UsageError

if TYPE_CHECKING:
    from ..core.task import Task

_ANSWER_TYPES = ("text", "label", "choice", "number", "json")
_PASTED_FILE = "rows.jsonl"
_SEPARATORS = ("=>", "\t")


@dataclass(frozen=True, kw_only=True)
class TaskDraft:
    """What was given on the command line or answered. pasted: rows as (input, output). drafted: whether rows
    may be missing, for a run to draft them."""

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


def prompt_for_missing(wishes: TaskDraft, place: Path) -> TaskDraft:
    """Ask for what was not given; an empty answer takes the default in brackets."""
    from ..core.models import EMBEDDED, ModelRef

    name = wishes.name or _prompt("name", default=place.resolve().name)
    description = wishes.description or _prompt("what is the task, in a sentence", default="")
    prompt = wishes.prompt or _prompt("the prompt you have now, or a file of it")
    data, pasted = wishes.data, wishes.pasted_examples
    if data is None:
        said = _prompt("a file of rows (JSONL, CSV, TSV); empty to paste them", default="")
        data, pasted = (Path(said), ()) if said else (None, _read_pasted_examples())
    answer = (
        wishes.answer
        or _implied_answer_type(wishes)
        or _prompt(f"what is an answer ({', '.join(_ANSWER_TYPES)})", default="text", check=_parse_answer_type)
    )
    labels = wishes.labels
    if answer == "label" and not labels:
        labels = tuple(one.strip() for one in _prompt("the labels, with commas").split(",") if one.strip())
    pattern = wishes.pattern
    if answer == "regex" and not pattern:
        pattern = _prompt("the pattern of an answer, a regular expression; group 1 is the answer where there is one")
    metric = wishes.metric or _prompt("the metric", default=_default_metric(answer))
    target = wishes.target or _prompt(
        "the model that answers", default=EMBEDDED, check=lambda text: str(ModelRef.parse(text))
    )
    optimizer = wishes.optimizer or _prompt(
        "the model that improves the prompt", default=target, check=lambda text: str(ModelRef.parse(text))
    )
    return replace(
        wishes,
        name=name,
        description=description,
        prompt=prompt,
        data=data,
        answer=answer,
        labels=labels,
        pattern=pattern,
        metric=metric,
        target=target,
        optimizer=optimizer,
        pasted_examples=pasted,
    )


def write_draft(wishes: TaskDraft, place: Path) -> tuple[Path, Task]:
    """The task file and the task. It is loaded from a draft aside first and its evaluators are made, so nothing is
    written that does not load or cannot be scored.

    Raises UsageError where something needed is missing or would be written over, TaskError where it does not fit.
    """
    from ..runtime.tasks.loader import load_task
    from ..runtime.tasks.writer import write_task

    tables = _task_tables(wishes, place)
    with tempfile.TemporaryDirectory(prefix="maieutic-init-") as aside:
        without = wishes.examples_optional and wishes.data is None and not wishes.pasted_examples
        data = {} if without else {"data": {"path": str(_examples_file(wishes, Path(aside)))}}
        write_task(Path(aside) / "draft", {**tables, **data})
        try:
            draft = load_task(Path(aside) / "draft")
        except TaskError as error:
            raise _without_draft_path(error, aside) from error
    _check_evaluators(draft, place)
    rows = {split: draft.data[split] for split in ("train", "val", "test")}
    written = write_task(place, tables, {split: found for split, found in rows.items() if found})  # type: ignore[misc]
    return written, load_task(written)


def _check_evaluators(draft: Task, place: Path) -> None:
    """A metric's file is looked for where the task will be."""
    from ..core.recipe import PluginRef
    from ..graphs.compatibility import create_evaluator
    from ..plugins.system.registry import Registry

    registry = Registry.load(folder=place)
    for spec in draft.evaluators:
        create_evaluator("evaluators", registry, PluginRef(use=spec.use, options=spec.options))


def _task_tables(wishes: TaskDraft, place: Path) -> dict[str, Any]:
    from ..core.models import EMBEDDED, ModelRef

    if not wishes.prompt:
        raise UsageError("a task needs a start prompt", where="--prompt", remedy='give --prompt "…", or a file of it')
    answer: dict[str, Any] = {"type": wishes.answer or _implied_answer_type(wishes) or "text"}
    if answer["type"] == "regex" and not wishes.pattern:
        raise UsageError("a regex answer needs a pattern", where="--answer", remedy="give --pattern '…'")
    if wishes.pattern and answer["type"] != "regex":
        raise UsageError(f"a {answer['type']} answer has no pattern", where="--pattern", remedy="give --answer regex")
    if wishes.labels:
        answer["labels"] = list(wishes.labels)
    if wishes.pattern:
        answer["pattern"] = wishes.pattern
    target = str(ModelRef.parse(wishes.target or EMBEDDED))
    return {
        "name": wishes.name or place.resolve().name,
        "description": wishes.description or "",
        "prompt": _prompt_text(wishes.prompt),
        "answer": answer,
        "evaluators": [{"use": wishes.metric or _default_metric(answer["type"])}],
        "models": {"target": target, "optimizer": str(ModelRef.parse(wishes.optimizer or target))},
    }


def _implied_answer_type(wishes: TaskDraft) -> str | None:
    """What labels or a pattern say of the answer by themselves."""
    return "label" if wishes.labels else "regex" if wishes.pattern else None


def _prompt_text(prompt: str) -> str:
    """The words themselves; what names a text file stands for its content."""
    from ..runtime.tasks.rows import read_text

    named = prompt.endswith((".txt", ".md")) and len(prompt.split()) == 1
    return read_text(Path(prompt)).rstrip("\n") if named else prompt


def _examples_file(wishes: TaskDraft, aside: Path) -> Path:
    if wishes.data is not None:
        if not wishes.data.exists():
            raise UsageError("there is no such file of rows", where=str(wishes.data), remedy="correct --data")
        return wishes.data.resolve()
    if not wishes.pasted_examples:
        raise UsageError("a task needs rows", where="--data", remedy="give --data FILE with at least 6 rows")
    rows = [
        json.dumps({"input": given, "output": wanted}, ensure_ascii=False) for given, wanted in wishes.pasted_examples
    ]
    path = aside / _PASTED_FILE
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def _read_pasted_examples() -> tuple[tuple[str, str], ...]:
    """Lines `input => output`, or with a tab between them, until an empty one."""
    typer.echo("one row a line, as   input => output   and an empty line at the end:")
    rows: list[tuple[str, str]] = []
    while line := _prompt(f"row {len(rows) + 1}", default="").strip():
        arrow = next((one for one in _SEPARATORS if one in line), None)
        if arrow is None:
            typer.echo("  there is no => in it; write   input => output")
            continue
        given, wanted = line.rsplit(arrow, 1)
        rows.append((given.strip(), wanted.strip()))
    return tuple(rows)


def _prompt(question: str, *, default: str | None = None, check: Callable[[str], str] = str.strip) -> str:
    """Ask until the answer holds."""
    while True:
        said = str(typer.prompt(question, default=default, show_default=bool(default)))
        try:
            return check(said)
        except UsageError as error:
            typer.echo(f"  {error.what}")


def _parse_answer_type(text: str) -> str:
    if text.strip() not in _ANSWER_TYPES:
        raise UsageError(f"{text!r} is none of {', '.join(_ANSWER_TYPES)}")
    return text.strip()


def _default_metric(answer: str) -> str:
    return {"number": "numeric", "json": "json_fields", "choice": "choice", "text": "token_f1"}.get(answer, "exact")


def _without_draft_path(error: TaskError, aside: str) -> TaskError:
    """The draft is gone by the time a person reads of it, so it must not be named as the place to look."""
    where = None if error.where is None or aside in error.where else error.where
    return TaskError(error.what, where=where, possible=error.possible, remedy=error.remedy)
