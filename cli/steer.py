"""Commands that tell a run what to do: each writes one directive, which the run applies at its next step."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..core.errors import UsageError
from .options import DEFAULT_FOLDER, AsJson, Folder, RunName, open_store, parse_key_values, print_json

if TYPE_CHECKING:
    from ..runtime.steering.spec import DirectiveSpec
    from ..runtime.store import RunRecord, Store

_FREE_TEXT_ARGUMENTS = {"hint": "text"}


def stop(
    run: RunName = "latest",
    report: Annotated[bool, typer.Option(help="open the sealed test and report on the best so far")] = True,
    as_json: AsJson = False,
    folder: Folder = DEFAULT_FOLDER,
) -> None:
    """End a run's search; the best so far goes to the report."""
    _send_directive(run, "stop", {"report": "yes" if report else "no"}, folder, as_json=as_json, dry_run=False)


def steer(
    run: RunName,
    action: Annotated[str, typer.Argument(help="what to do; see maieutic actions")],
    words: Annotated[list[str] | None, typer.Argument(help="its arguments, in order or as NAME=VALUE")] = None,
    branch: Annotated[bool, typer.Option("--branch", help="veto all that descends from it too")] = False,
    text: Annotated[str | None, typer.Option(help="edit: the prompt as it should be")] = None,
    file: Annotated[Path | None, typer.Option(help="edit: a file that holds the prompt")] = None,
    slot: Annotated[str | None, typer.Option(help="edit: which of several prompts")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="say what would happen, and do nothing")] = False,
    as_json: AsJson = False,
    folder: Folder = DEFAULT_FOLDER,
) -> None:
    """Tell a run something: pause, resume, stop, pin C, veto C, edit C, hint "text", rule WHEN ADVICE, prefer A B,
    annotate ROW OUTPUT, add-example INPUT OUTPUT, approve, budget calls=N, roles ROLE MODEL, weights NAME W, replan."""
    from ..runtime.steering.catalog import directive_named

    chosen = directive_named(action)
    if chosen.starts_process:
        command = "fork RUN CANDIDATE" if action == "fork" else "resume RUN"
        raise UsageError(f"{action} begins a process of its own", remedy=f"maieutic {command}")
    given = _parse_arguments(chosen, words or [])
    options = {"branch": "yes" if branch else None, "slot": slot}
    given |= {name: value for name, value in options.items() if value is not None}
    if chosen.name == "edit":
        given["text"] = _edited_prompt(given, text, file, run, folder)
    elif text is not None or file is not None:
        raise UsageError(f"{action} takes no --text and no --file", where="--text", remedy="only edit does")
    _send_directive(run, action, given, folder, as_json=as_json, dry_run=dry_run)


def actions(as_json: AsJson = False) -> None:
    """All that a person can tell a run, with the arguments."""
    from ..runtime.steering.catalog import DIRECTIVE_SPECS
    from .tables import print_table

    if as_json:
        print_json(
            [
                {
                    "name": one.name,
                    "title": one.title,
                    "key": one.key,
                    "help": one.help,
                    "process": one.starts_process,
                    "arguments": [
                        {"name": a.name, "kind": a.kind, "required": a.required, "choices": list(a.choices)}
                        for a in one.arguments
                    ],
                }
                for one in DIRECTIVE_SPECS
            ]
        )
        return
    rows = [
        {"action": one.name, "arguments": _argument_summary(one), "what it does": one.help} for one in DIRECTIVE_SPECS
    ]
    print_table(rows, ["action", "arguments", "what it does"])


def _argument_summary(action: DirectiveSpec) -> str:
    return " ".join(one.name.upper() if one.required else f"[{one.name}=…]" for one in action.arguments)


def _parse_arguments(action: DirectiveSpec, words: list[str]) -> dict[str, Any]:
    """Words by their place, and `name=value` for the names that the action has."""
    names = [one.name for one in action.arguments]
    if (only := _FREE_TEXT_ARGUMENTS.get(action.name)) is not None:
        return {only: " ".join(words).strip()} if words else {}
    named = [word for word in words if word.partition("=")[0] in names and "=" in word]
    placed = [word for word in words if word not in named]
    free = [name for name in names if name not in {word.partition("=")[0] for word in named}]
    if len(placed) > len(free):
        takes = _argument_summary(action) or "nothing more"
        raise UsageError(f"{action.name} takes {takes}", where=" ".join(words), remedy="see maieutic actions")
    return {**dict(zip(free, placed, strict=False)), **parse_key_values(named, action.name)}


def _edited_prompt(given: dict[str, Any], text: str | None, file: Path | None, run: str, folder: Path) -> str:
    """The prompt from the words, a file, or an editor that shows the candidate's own."""
    from .options import is_interactive

    if given.get("text"):
        return str(given["text"])
    if text is not None:
        return text
    if file is not None:
        try:
            return file.read_text(encoding="utf-8")
        except OSError as error:
            raise UsageError(f"the file cannot be read: {error.strerror or error}", where=str(file)) from error
    if not is_interactive():
        raise UsageError("edit needs a prompt", where="edit", remedy="give --text, --file, or a terminal for $EDITOR")
    from ..runtime.steering.lookup import DirectiveLookup, editable_text

    with open_store(folder) as store:
        one = DirectiveLookup(store=store, run=store.run(run).id).candidate(str(given.get("candidate", "best")))
    before = editable_text(one, str(given.get("slot", "")))
    after = _open_editor(before)
    if after.strip() == before.strip():
        raise UsageError("nothing was changed", where="edit", remedy="change the text and save it")
    return after


def _open_editor(text: str) -> str:
    """The text as $VISUAL or $EDITOR leaves it. Raises UsageError where there is no such program, or it fails."""
    words = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi")
    with TemporaryDirectory() as place:
        file = Path(place) / "prompt.md"
        file.write_text(text, encoding="utf-8")
        try:
            subprocess.run([*words, str(file)], check=True)
        except (OSError, subprocess.CalledProcessError) as error:
            raise UsageError(
                f"the editor {words[0]!r} failed: {error}", where="$EDITOR", remedy="set it, or give --text or --file"
            ) from error
        return file.read_text(encoding="utf-8")


def _send_directive(run: str, name: str, given: dict[str, Any], folder: Path, *, as_json: bool, dry_run: bool) -> None:
    import asyncio

    from ..runtime.monitor.process import is_run_alive
    from ..runtime.monitor.run_view import RunView
    from ..runtime.steering.catalog import directive_named
    from ..runtime.steering.service import preview, send_directive, unavailable_reason
    from .foreground import resume_command

    action = directive_named(name)
    with open_store(folder, read_only=False) as store:
        record = store.run(run)
        _require_active(record)
        alive, view = is_run_alive(record), RunView.from_events(store.events(record.id))
        why, would = unavailable_reason(action, view, alive=True), preview(action, view, **given)
        head = {"run": record.id, "directive": name, "alive": alive}
        if dry_run:
            _validate(action, store, record, given)
            told = {**head, "dry_run": True, "would": would, "unavailable": why}
            print_json(told) if as_json else typer.echo(f"{would}\nnot now: {why}" if why else would)
            return
        number = asyncio.run(send_directive(store, record.id, action, **given))
    if as_json:
        print_json({**head, "number": number, "would": would, "unavailable": why})
        return
    typer.echo(f"{name} for run {record.id}: it takes effect at the next step")
    typer.echo(f"  {would}")
    if why:
        typer.echo(f"  as it stands now: {why}", err=True)
    if not alive:
        typer.echo(f"no process runs it now; it takes effect with: {resume_command(record.id, folder)}", err=True)


def _validate(action: DirectiveSpec, store: Store, record: RunRecord, given: dict[str, Any]) -> None:
    from ..runtime.steering.lookup import DirectiveLookup
    from ..runtime.steering.parser import build_directive, validate_arguments

    build_directive(action, DirectiveLookup(store=store, run=record.id), validate_arguments(action, given))


def _require_active(record: RunRecord) -> None:
    if record.state in ("finished", "failed"):
        raise UsageError(
            f"run {record.id} is {record.state} already",
            remedy=f"look at it: maieutic show {record.id}; go on from it: maieutic fork {record.id} best",
        )
