"""Steering a run: what can be done now, what it would do, and how it is done.

The command line and the TUI share this module. `DIRECTIVE_SPECS` is the list, `unavailable_reason` says why an entry is
off, `preview` says what would happen, `send_directive` stores the directive, which the run applies at its next step.
Two entries start a process instead: `process_command` gives its command line and `start_process` runs it detached.
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
from ..store.permissions import make_private_folder, open_private_file
from .catalog import DIRECTIVE_SPECS, directive_named
from .lookup import DirectiveLookup
from .parser import build_directive, validate_arguments
from .spec import DirectiveArgument, DirectiveSpec

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


def unavailable_reason(spec: DirectiveSpec, view: RunView, *, alive: bool = True) -> str | None:
    """Why the directive can do nothing now, None where it can.

    alive: whether a process carries the run. A run without one still stores directives; its resume applies them.
    """
    if not spec.starts_process:
        if view.state in _ENDED_STATES:
            return f"the run is {view.state}; fork one of its candidates to continue"
        if view.phase in ("testing", "reporting"):
            return "the search is over; the report is being written"
    return spec.unavailable(view, alive)


def preview(spec: DirectiveSpec, view: RunView, **arguments: Any) -> str:
    """What would happen, in words; nothing does. Raises UsageError for arguments that make no directive."""
    values = validate_arguments(spec, arguments)
    return spec.preview if isinstance(spec.preview, str) else spec.preview(view, values)


async def send_directive(store: Store, run: str, spec: DirectiveSpec, **arguments: Any) -> int:
    """Store the directive and return its number. Raises UsageError for arguments that make none."""
    if spec.starts_process:
        raise UsageError(f"{spec.name} starts a process of its own", remedy=f"use the command {spec.name}")
    lookup = DirectiveLookup(store=store, run=store.run(run).id)
    directive = build_directive(spec, lookup, validate_arguments(spec, arguments))
    return await store.add_directive(lookup.run, directive)


def process_command(spec: DirectiveSpec, run: str, folder: Path, **arguments: Any) -> list[str]:
    """The command line that `fork` or `revive` starts. Raises UsageError for any other directive."""
    values = validate_arguments(spec, arguments)
    maieutic, where = [sys.executable, "-m", "maieutic"], ["--json", "--folder", str(folder)]
    if spec.name == "revive":
        return [*maieutic, "resume", run, *where]
    if spec.name == "fork":
        options = [
            word
            for name in ("recipe", "calls", "seed")
            if name in values
            for word in (f"--{name}", _argument_text(values[name]))
        ]
        return [*maieutic, "fork", run, values["candidate"], *options, *where]
    starting = [other.name for other in DIRECTIVE_SPECS if other.starts_process]
    raise UsageError(f"{spec.name} starts no process", possible=starting)


def start_process(words: list[str], log: Path) -> int:
    """Start a process that outlives this one, with its output in `log`; returns its process id."""
    make_private_folder(log.parent)
    with open_private_file(log, "ab") as out:
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
