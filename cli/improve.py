"""`maieutic improve`: a prompt rewritten at once, without a run."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..core.errors import UsageError
from .model_overrides import parse_key_values, with_model_options
from .options import DEFAULT_FOLDER, MODELS_PANEL, AsJson, Folder, Force, NoPlugins, Optimizer, OutputFile, Seed
from .output import print_json, write_or_print
from .printer import echo

if TYPE_CHECKING:
    from ..graphs.improve import Improvement

_NOT_MEASURED = "nothing was measured: nobody knows yet whether this prompt is better"
_TASK_FOLDER = "improve-task"


def improve(
    prompt: Annotated[str, typer.Argument(metavar="PROMPT", help="the prompt, a .txt or .md file with it, or -")],
    data: Annotated[str | None, typer.Option(metavar="FILE", help="examples to learn the task from")] = None,
    description: Annotated[str | None, typer.Option(help="what the prompt is for, in one sentence")] = None,
    hint: Annotated[list[str] | None, typer.Option(metavar="TEXT", help="a wish for the rewrite")] = None,
    optimizer: Optimizer = None,
    model_option: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY=VALUE", help="option of the model, e.g. reasoning_effort=low", rich_help_panel=MODELS_PANEL
        ),
    ] = None,
    seed: Seed = None,
    output: OutputFile = None,
    force: Force = False,
    as_json: AsJson = False,
    folder: Folder = DEFAULT_FOLDER,
    no_plugins: NoPlugins = False,
) -> None:
    """Rewrite a prompt at once, in one to three calls, without measuring it.

    The new prompt goes to stdout, remarks to stderr. The last remark is the command that measures the gain.
    """
    from ..core.models import EMBEDDED, ModelRef
    from ..graphs.improve import aimprove
    from .evaluate import run_evaluation
    from .lookup import load_registry

    if output is not None and output.exists() and not force:
        raise UsageError(
            "the file is there already", where=str(output), remedy="choose another name, or replace it with --force"
        )
    model = with_model_options(
        ModelRef.parse(optimizer or EMBEDDED),
        parse_key_values(model_option or [], "--model-option"),
        "--model-option",
    )
    work = aimprove(
        _prompt_text(prompt),
        data=data or (),
        description=description or "",
        hints=tuple(hint or ()),
        optimizer=model,
        seed=seed or 0,
        folder=folder,
        registry=load_registry(Path(), no_plugins=no_plugins),
    )
    improvement = run_evaluation(work, what="rewrite", retry_with="maieutic improve with the same words")
    next_command = measuring_command(prompt, data, description, optimizer)
    if output is not None or not as_json:
        write_or_print(improvement.prompt, output, exact=True)
    if as_json:
        note: dict[str, Any] = {"note": _NOT_MEASURED, "next": next_command}
        print_json({**improvement.model_dump(mode="json"), **note})
        return
    for line in remarks(improvement, next_command, has_data=data is not None):
        echo(line, err=True)


def remarks(improvement: Improvement, next_command: str, *, has_data: bool) -> list[str]:
    """What a person should know about a rewrite: changes, cost, that it is unmeasured, and how to measure it."""
    lines = [f"changed: {change}" for change in improvement.changes]
    if not improvement.changed:
        lines.append("the model left the prompt as it is")
    price = f", ${improvement.usd:.4f}" if improvement.usd else ""
    cost = f"{improvement.calls} calls, {improvement.tokens} tokens{price}" if improvement.calls else "cached, no call"
    seen = f", {improvement.examples} examples in view" if improvement.examples else ""
    lines.append(f"{improvement.model}: {cost}{seen}; run {improvement.run}")
    lines.append(_NOT_MEASURED if improvement.changed else "nothing was measured")
    lines.append(f"measure and search: {next_command}" + ("" if has_data else "   (ROWS: your examples, 6 or more)"))
    return lines


def measuring_command(prompt: str, data: str | None, description: str | None, optimizer: str | None) -> str:
    """The command that makes a task of the prompt as it was, and optimizes it on held-out examples."""
    start = prompt if prompt != "-" else "prompt.txt"
    words = ["maieutic", "init", _TASK_FOLDER, "--yes", "--prompt", start, "--data", data or "ROWS.jsonl"]
    words += ["--description", description] if description else []
    words += ["--optimizer", optimizer] if optimizer else []
    return f"{shlex.join(words)} && maieutic optimize {_TASK_FOLDER}"


def _prompt_text(prompt: str) -> str:
    """The prompt itself, the content of the text file that it names, or stdin for `-`."""
    from ..runtime.tasks.rows import read_text

    if prompt == "-":
        if sys.stdin.isatty():
            raise UsageError("- reads the prompt from stdin, which is a terminal", remedy="maieutic improve - < FILE")
        return sys.stdin.read().rstrip("\n")
    is_file_name = prompt.endswith((".txt", ".md")) and len(prompt.split()) == 1
    return read_text(Path(prompt)).rstrip("\n") if is_file_name else prompt
