"""`maieutic init`: create a task, asking for what was not given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from ..core.errors import UsageError
from .data import Encoding, FieldColumns, IdColumn, InputColumns, OutputColumns
from .data_lines import first_request_lines
from .options import AsJson, Optimizer, Target
from .output import is_interactive, print_json
from .printer import echo, prompt
from .task_draft import TaskDraft, default_metric, write_draft_with_lines

# Regex and tag answers need more than a name; they are given with options.
_ASKED_ANSWER_TYPES = ("text", "label", "choice", "number", "json")
_AnswerType = Literal["text", "label", "choice", "number", "regex", "json", "tag"]
_SEPARATORS = ("=>", "\t")


def init(
    place: Annotated[Path, typer.Argument(metavar="DIR", help="folder of the new task")] = Path(),
    name: Annotated[str | None, typer.Option(help="task name")] = None,
    description: Annotated[str | None, typer.Option(help="one-sentence description of the task")] = None,
    prompt: Annotated[str | None, typer.Option(help="start prompt, or a .txt or .md file with it")] = None,
    data: Annotated[Path | None, typer.Option(help="examples: JSONL, CSV, TSV, JSON, Parquet, Excel")] = None,
    input_columns: InputColumns = None,
    output_columns: OutputColumns = None,
    id_column: IdColumn = None,
    fields: FieldColumns = None,
    encoding: Encoding = None,
    together: Annotated[bool, typer.Option("--together", help="an answer needs all outputs of a row")] = False,
    alternatives: Annotated[bool, typer.Option("--alternatives", help="any output of a row is right")] = False,
    answer: Annotated[_AnswerType | None, typer.Option(help="answer type")] = None,
    labels: Annotated[str | None, typer.Option(metavar="A,B", help="the labels, for --answer label")] = None,
    pattern: Annotated[str | None, typer.Option(help="for --answer regex; group 1 or the match is the answer")] = None,
    metric: Annotated[str | None, typer.Option(help="evaluator, e.g. exact or token_f1")] = None,
    target: Target = None,
    optimizer: Optimizer = None,
    interview: Annotated[
        bool, typer.Option("--interview", help="elicit requirements; with --optimizer a model asks follow-ups")
    ] = False,
    stand_in: Annotated[bool, typer.Option("--stand-in", help="interview: the optimizer model also answers")] = False,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="ask nothing; use the given options and the defaults")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Create a task (task.toml and data files) interactively.

    With --interview, the first run can generate the examples.
    """
    draft = TaskDraft(
        name=name,
        description=description,
        prompt=prompt,
        data=data,
        answer=answer,
        labels=_split_labels(labels or ""),
        pattern=pattern,
        metric=metric,
        target=target,
        optimizer=optimizer,
        inputs=tuple(input_columns or ()),
        outputs=tuple(output_columns or ()),
        id_column=id_column,
        fields=tuple(fields or ()),
        encoding=encoding,
        together=together,
        alternatives=alternatives,
    )
    if (place / "task.toml").exists():
        raise UsageError(
            "the folder already contains a task", where=str(place / "task.toml"), remedy="choose another folder"
        )
    can_ask = not yes and not as_json and is_interactive()
    result = None
    if interview or stand_in:
        from .init_interview import interview_for_draft, print_gaps

        draft, result = interview_for_draft(draft, stand_in=stand_in, present=can_ask and not stand_in)
        draft = replace(draft, examples_optional=True)
        if not as_json:
            print_gaps(result)
    if can_ask:
        draft = prompt_for_missing(draft, place)
    written = write_draft_with_lines(draft, place)
    task_file, task = written.file, written.task
    counts = {split: len(task.data[split]) for split in ("train", "val", "test")}
    if as_json:
        summary: dict[str, Any] = {"task": task.name, "file": str(task_file), "rows": counts}
        summary |= {"data": list(written.lines), "unlabelled": len(task.data.target)}
        if result:
            summary |= {"complete": round(result.complete, 3), "open": list(result.gaps)}
        print_json(summary)
        return
    for line in [*written.lines, *first_request_lines(task)]:
        echo(line)
    echo(f"wrote {task_file}: {counts['train']} train, {counts['val']} val, {counts['test']} test examples")
    echo(f"next: maieutic estimate {place}   then   maieutic optimize {place}")


def prompt_for_missing(draft: TaskDraft, folder: Path) -> TaskDraft:
    """Ask for what was not given; an empty reply takes the default in brackets."""
    from ..core.models import EMBEDDED, ModelRef

    name = draft.name or _prompt("task name", default=folder.resolve().name)
    description = draft.description or _prompt("describe the task in one sentence", default="")
    prompt = draft.prompt or _prompt("your current prompt, or a file with it")
    data, pasted_examples = draft.data, draft.pasted_examples
    if data is None:
        path = _prompt("file of examples (JSONL, CSV, TSV); empty to paste them", default="")
        data, pasted_examples = (Path(path), ()) if path else (None, _read_pasted_examples())
    answer = (
        draft.answer
        or draft.implied_answer_type
        or _prompt(f"answer type ({', '.join(_ASKED_ANSWER_TYPES)})", default="text", check=_parse_answer_type)
    )
    labels = draft.labels
    if answer == "label" and not labels:
        labels = _split_labels(_prompt("labels, separated by commas"))
    pattern = draft.pattern
    if answer == "regex" and not pattern:
        pattern = _prompt("regular expression of an answer; group 1 or the match is the answer")
    metric = draft.metric or _prompt("evaluator", default=default_metric(answer))
    target = draft.target or _prompt("target model", default=EMBEDDED, check=lambda text: str(ModelRef.parse(text)))
    optimizer = draft.optimizer or _prompt(
        "optimizer model", default=target, check=lambda text: str(ModelRef.parse(text))
    )
    return replace(
        draft,
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
        pasted_examples=pasted_examples,
    )


def _read_pasted_examples() -> tuple[tuple[str, str], ...]:
    """Lines `input => output`, or with a tab between them, until an empty one."""
    echo("one example per line, as   input => output   and an empty line at the end:")
    examples: list[tuple[str, str]] = []
    while line := _prompt(f"example {len(examples) + 1}", default="").strip():
        separator = next((text for text in _SEPARATORS if text in line), None)
        if separator is None:
            echo("  there is no => in it; write   input => output")
            continue
        input_text, output = line.rsplit(separator, 1)
        examples.append((input_text.strip(), output.strip()))
    return tuple(examples)


def _prompt(question: str, *, default: str | None = None, check: Callable[[str], str] = str.strip) -> str:
    """Ask until the reply is valid."""
    while True:
        reply = str(prompt(question, default=default, show_default=bool(default)))
        try:
            return check(reply)
        except UsageError as error:
            echo(f"  {error.what}")


def _parse_answer_type(text: str) -> str:
    if text.strip() not in _ASKED_ANSWER_TYPES:
        raise UsageError(f"{text!r} is none of {', '.join(_ASKED_ANSWER_TYPES)}")
    return text.strip()


def _split_labels(text: str) -> tuple[str, ...]:
    return tuple(label.strip() for label in text.split(",") if label.strip())
