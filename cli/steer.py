"""`maieutic steer`, `stop` and `directives`: send a run directives, which it applies at its next step."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..core.errors import UsageError
from .lookup import find_candidate, open_store
from .model_overrides import parse_key_values
from .options import DEFAULT_FOLDER, AsJson, Folder, RunName
from .output import is_interactive, print_json, print_table
from .printer import echo

if TYPE_CHECKING:
    from ..runtime.steering.spec import DirectiveSpec
    from ..runtime.store import RunRecord, Store


def stop(
    run: RunName = "latest",
    report: Annotated[bool, typer.Option(help="run the held-out test and write the report")] = True,
    as_json: AsJson = False,
    folder: Folder = DEFAULT_FOLDER,
) -> None:
    """Stop a run and report on its best candidate so far."""
    _send_directive(run, "stop", {"report": "yes" if report else "no"}, folder, as_json=as_json, dry_run=False)


def steer(
    run: RunName,
    action: Annotated[str, typer.Argument(metavar="DIRECTIVE", help="directive; see maieutic directives")],
    words: Annotated[
        list[str] | None, typer.Argument(metavar="ARGUMENTS", help="its arguments, in order or as NAME=VALUE")
    ] = None,
    branch: Annotated[bool, typer.Option("--branch", help="veto: also veto its descendants")] = False,
    text: Annotated[str | None, typer.Option(help="edit: the new prompt text")] = None,
    file: Annotated[Path | None, typer.Option(help="edit: read the new prompt from a file")] = None,
    slot: Annotated[str | None, typer.Option(help="edit: name of the prompt, if the program has several")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="preview the effect without sending the directive")
    ] = False,
    as_json: AsJson = False,
    folder: Folder = DEFAULT_FOLDER,
) -> None:
    """Send a directive to a run.

    For example: steer latest hint be brief; steer latest budget calls=800; steer latest veto CANDIDATE --branch.
    maieutic directives lists all of them.
    """
    from ..runtime.steering.catalog import directive_named

    spec = directive_named(action)
    if spec.starts_process:
        command = "fork RUN CANDIDATE" if action == "fork" else "resume RUN"
        raise UsageError(f"{action} starts a new process", remedy=f"maieutic {command}")
    arguments = _parse_arguments(spec, words or [])
    options = {"branch": "yes" if branch else None, "slot": slot}
    arguments |= {name: value for name, value in options.items() if value is not None}
    if spec.name == "edit":
        arguments["text"] = _edited_prompt(arguments, text, file, run, folder)
    elif text is not None or file is not None:
        raise UsageError(f"{action} takes no --text and no --file", where="--text", remedy="only edit does")
    _send_directive(run, action, arguments, folder, as_json=as_json, dry_run=dry_run)


def directives(as_json: AsJson = False) -> None:
    """List all directives and their arguments."""
    from ..runtime.steering.catalog import DIRECTIVE_SPECS

    if as_json:
        print_json(
            [
                {
                    "name": spec.name,
                    "title": spec.title,
                    "key": spec.key,
                    "help": spec.help,
                    "process": spec.starts_process,
                    "arguments": [
                        {
                            "name": argument.name,
                            "kind": argument.kind,
                            "required": argument.required,
                            "choices": list(argument.choices),
                        }
                        for argument in spec.arguments
                    ],
                }
                for spec in DIRECTIVE_SPECS
            ]
        )
        return
    rows = [
        {"directive": spec.name, "arguments": _argument_summary(spec), "effect": spec.help} for spec in DIRECTIVE_SPECS
    ]
    print_table(rows, ["directive", "arguments", "effect"])


def _argument_summary(spec: DirectiveSpec) -> str:
    return " ".join(
        argument.name.upper() if argument.required else f"[{argument.name}=…]" for argument in spec.arguments
    )


def _parse_arguments(spec: DirectiveSpec, words: list[str]) -> dict[str, Any]:
    """Positional words in order, and `NAME=VALUE` for the names that the directive has."""
    names = [argument.name for argument in spec.arguments]
    if len(spec.arguments) == 1 and spec.arguments[0].kind == "text":  # one text takes all words, without quotes
        return {names[0]: " ".join(words).strip()} if words else {}
    named = [word for word in words if word.partition("=")[0] in names and "=" in word]
    positional = [word for word in words if word not in named]
    free_names = [name for name in names if name not in {word.partition("=")[0] for word in named}]
    if len(positional) > len(free_names):
        usage = _argument_summary(spec) or "no arguments"
        raise UsageError(f"{spec.name} takes {usage}", where=" ".join(words), remedy="see maieutic directives")
    return {**dict(zip(free_names, positional, strict=False)), **parse_key_values(named, spec.name)}


def _edited_prompt(arguments: dict[str, Any], text: str | None, file: Path | None, run: str, folder: Path) -> str:
    """The prompt from the arguments, a file, or an editor that shows the candidate's own."""
    if arguments.get("text"):
        return str(arguments["text"])
    if text is not None:
        return text
    if file is not None:
        try:
            return file.read_text(encoding="utf-8")
        except OSError as error:
            raise UsageError(f"cannot read the file: {error.strerror or error}", where=str(file)) from error
    if not is_interactive():
        raise UsageError("edit needs a prompt", where="edit", remedy="give --text, --file, or a terminal for $EDITOR")
    from ..runtime.steering.lookup import editable_text

    with open_store(folder) as store:
        candidate = find_candidate(store, store.run(run), str(arguments.get("candidate", "best")))
    before = editable_text(candidate, str(arguments.get("slot", "")))
    after = _open_editor(before)
    if after.strip() == before.strip():
        raise UsageError("nothing was changed", where="edit", remedy="change the text and save it")
    return after


def _open_editor(text: str) -> str:
    """The text as saved in $VISUAL or $EDITOR. Raises UsageError if the editor is missing or fails."""
    command = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi")
    with TemporaryDirectory() as folder:
        file = Path(folder) / "prompt.md"
        file.write_text(text, encoding="utf-8")
        try:
            subprocess.run([*command, str(file)], check=True)
        except (OSError, subprocess.CalledProcessError) as error:
            raise UsageError(
                f"the editor {command[0]!r} failed: {error}", where="$EDITOR", remedy="set it, or give --text or --file"
            ) from error
        return file.read_text(encoding="utf-8")


def _send_directive(
    run: str, name: str, arguments: dict[str, Any], folder: Path, *, as_json: bool, dry_run: bool
) -> None:
    import asyncio

    from ..runtime.monitor.process import is_run_alive
    from ..runtime.monitor.run_view import RunView
    from ..runtime.steering.catalog import directive_named
    from ..runtime.steering.service import preview, send_directive, unavailable_reason
    from .foreground import resume_command

    spec = directive_named(name)
    with open_store(folder, read_only=False) as store:
        record = store.run(run)
        _require_active(record)
        alive, view = is_run_alive(record), RunView.from_events(store.events(record.id))
        reason, effect = unavailable_reason(spec, view, alive=True), preview(spec, view, **arguments)
        summary = {"run": record.id, "directive": name, "alive": alive}
        if dry_run:
            _validate(spec, store, record, arguments)
            if as_json:
                print_json({**summary, "dry_run": True, "would": effect, "unavailable": reason})
            else:
                echo(f"{effect}\nnot now: {reason}" if reason else effect)
            return
        number = asyncio.run(send_directive(store, record.id, spec, **arguments))
    if as_json:
        print_json({**summary, "number": number, "would": effect, "unavailable": reason})
        return
    echo(f"{name} for run {record.id}: it takes effect at the next step")
    echo(f"  {effect}")
    if reason:
        echo(f"  in the present state: {reason}", err=True)
    if not alive:
        echo(f"no process runs it now; it takes effect with: {resume_command(record.id, folder)}", err=True)


def _validate(spec: DirectiveSpec, store: Store, record: RunRecord, arguments: dict[str, Any]) -> None:
    from ..runtime.steering.lookup import DirectiveLookup
    from ..runtime.steering.parser import build_directive, validate_arguments

    build_directive(spec, DirectiveLookup(store=store, run=record.id), validate_arguments(spec, arguments))


def _require_active(record: RunRecord) -> None:
    if record.state in ("finished", "failed"):
        raise UsageError(
            f"run {record.id} is {record.state} already",
            remedy=f"inspect it: maieutic show {record.id}; continue from it: maieutic fork {record.id} best",
        )
