"""`maieutic init`: create a task, asking for what was not given."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from ..core.errors import TaskError, UsageError
from .data import Encoding, FieldColumns, IdColumn, InputColumns, OutputColumns
from .init_answers import SavedAnswers
from .init_questions import ask_again, split_labels
from .init_questions import prompt_for_missing as prompt_for_missing
from .init_screen import print_final_screen
from .options import AsJson, Optimizer, Target
from .output import is_interactive, print_json
from .printer import echo
from .task_draft import TaskDraft, WrittenTask, write_draft_with_lines

_AnswerType = Literal["text", "label", "choice", "number", "regex", "json", "tag"]


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
    allow_leak: Annotated[
        bool, typer.Option("--allow-leak", help="keep rows that two splits share; the report says so")
    ] = False,
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
        labels=split_labels(labels or ""),
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
        allow_leak=allow_leak,
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
    written = _ask_and_write(draft, place) if can_ask else write_draft_with_lines(draft, place)
    task_file, task = written.file, written.task
    counts = {split: len(task.data[split]) for split in ("train", "val", "test")}
    if as_json:
        summary: dict[str, Any] = {"task": task.name, "file": str(task_file), "rows": counts}
        summary |= {"data": list(written.lines), "unlabelled": len(task.data.target)}
        if result:
            summary |= {"complete": round(result.complete, 3), "open": list(result.gaps)}
        print_json(summary)
        return
    print_final_screen(written, place)


def _ask_and_write(draft: TaskDraft, place: Path) -> WrittenTask:
    """Ask, and write the task. Answers that do not fit are asked again; all others stay, also for a later call."""
    answers = SavedAnswers.for_task(place)
    if answers.values:
        echo(f"going on with {len(answers.values)} saved answers: {', '.join(answers.values)}")
        echo("to begin anew, delete them: rm -r .maieutic/drafts")
    else:
        echo("Enter takes the value in brackets, or skips; each answer is saved, so you may stop and go on")
    while True:
        try:
            written = write_draft_with_lines(prompt_for_missing(draft, place, answers), place)
        except (UsageError, TaskError) as error:
            echo(f"this does not fit: {error}")
            changed = ask_again(draft, answers)
            if changed is None:
                raise
            draft = changed
            continue
        answers.forget()
        return written
