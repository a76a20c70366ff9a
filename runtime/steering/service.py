"""Taking the wheel: what can be done to a run now, what it would do, and the directive that does it.

The command line and the TUI are twins over this module: `ACTIONS` is the table, `unavailable` says why a row is off,
`preview` tells in words what would happen, `send` writes the directive that the run applies at its next boundary, and
`command` gives the words of a process where an action begins one, which `start` starts apart from this one.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from ...core.errors import UsageError
from ..monitor.run_view import RunView
from ..store import Store
from .catalog import DIRECTIVE_SPECS, DirectiveArgument, DirectiveSpec, directive_named
from .parser import DirectiveLookup, build_directive, validate_arguments
from .preview import preview_text

__all__ = [
    "DIRECTIVE_SPECS",
    "DirectiveArgument",
    "DirectiveSpec",
    "directive_named",
    "preview",
    "process_command",
    "send_directive",
    "start_process",
    "unavailable_reason",
]

_ENDED_STATES = ("finished", "failed")


def unavailable_reason(action: DirectiveSpec, view: RunView, *, alive: bool = True) -> str | None:
    """Why the action can do nothing now, None where it can.

    alive: whether a process carries the run. A run without one still takes directives; they wait for its resume.
    """
    if action.name == "fork":
        return None if view.candidates or view.start else "there is no candidate to begin from yet"
    if action.name == "revive":
        if view.state == "finished":
            return "the run is finished; a fork goes on from any of its candidates"
        return "a process carries the run already" if alive else None
    if view.state in _ENDED_STATES:
        return f"the run is {view.state}; a fork goes on from any of its candidates"
    if view.phase in ("testing", "reporting"):
        return "the search is over; the report is being written"
    match action.name:
        case "pause" if view.state == "paused":
            return "the run is paused already"
        case "pause" | "resume" if not alive:
            return "no process carries the run; take it up again first"
        case "resume" if view.state != "paused":
            return "the run is not paused"
        case "approve" if not view.pending_approval:
            return "no round waits for an approval"
        case "prefer" if not view.candidates:
            return "there is only one candidate yet"
    return None


def preview(action: DirectiveSpec, view: RunView, **arguments: Any) -> str:
    """What would happen, in words; nothing does. Raises UsageError for arguments that make no directive."""
    return preview_text(action, view, validate_arguments(action, arguments))


async def send_directive(store: Store, run: str, action: DirectiveSpec, **arguments: Any) -> int:
    """Write the directive down; its number. Raises UsageError for arguments that make none, or a row that is off."""
    if action.starts_process:
        raise UsageError(f"{action.name} begins a process of its own", remedy=f"start {action.name} by its command")
    wishes = DirectiveLookup(store=store, run=store.run(run).id)
    return await store.add_directive(wishes.run, build_directive(action, wishes, validate_arguments(action, arguments)))


def process_command(action: DirectiveSpec, run: str, folder: Path, **arguments: Any) -> list[str]:
    """The words of the process that `fork` or `revive` begins. Raises UsageError for any other action."""
    wanted = validate_arguments(action, arguments)
    here = ["--folder", str(folder)]
    base = [sys.executable, "-m", "maieutic"]
    if action.name == "revive":
        return [*base, "resume", run, "--json", *here]
    if action.name == "fork":
        said = [
            word
            for name in ("recipe", "calls", "seed")
            if name in wanted
            for word in (f"--{name}", _argument_text(wanted[name]))
        ]
        return [*base, "fork", run, wanted["candidate"], *said, "--json", *here]
    raise UsageError(
        f"{action.name} begins no process", possible=[one.name for one in DIRECTIVE_SPECS if one.starts_process]
    )


def start_process(words: list[str], log: Path) -> int:
    """Begin a process that outlives this one, with all that it says in `log`; its process id."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as out:
        child = subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env=dict(os.environ),
        )
    return child.pid


def _argument_text(value: Any) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
