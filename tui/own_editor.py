"""The person's own editor (`$VISUAL`, `$EDITOR`): a text goes there and comes back, or stays whole."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from textual.app import SuspendNotSupported

from ..core.errors import UsageError


def edit_in_own_editor(text: str, suspend: Callable[[], AbstractContextManager[None]]) -> str:
    """The text as the editor left it.

    Args:
        text: What the editor opens.
        suspend: Hands the terminal over while the block runs.

    Raises:
        UsageError: The editor could not be started, failed, or left no UTF-8; where it wrote something, the error names
            the file that keeps it.
    """
    command = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    handle, name = tempfile.mkstemp(prefix="maieutic-", suffix=".txt")
    file = Path(name)
    with os.fdopen(handle, "w", encoding="utf-8") as draft:
        draft.write(text)
    problem = ""
    try:
        with suspend():
            # An exception that left this block would leave the terminal handed over.
            problem = _run(command, file)
    except SuspendNotSupported:
        problem = "this terminal cannot be handed to another program"
    written = file.read_bytes()
    try:
        edited = written.decode("utf-8")
    except UnicodeDecodeError:
        raise UsageError(
            "the editor left text that is not UTF-8", where=name, remedy="save it as UTF-8 and paste it here"
        ) from None
    if not problem:
        file.unlink()
        return edited
    if edited == text:
        file.unlink()
        raise UsageError(problem, where=command, remedy="set EDITOR to an editor of this machine")
    raise UsageError(f"{problem}; what it wrote is kept", where=name)


def _run(command: str, file: Path) -> str:
    """What went wrong; empty if nothing."""
    try:
        subprocess.run([*shlex.split(command), str(file)], check=True)
    except ValueError as error:
        return f"the editor's command cannot be read: {error}"
    except OSError as error:
        return f"the editor cannot be started: {error.strerror or error}"
    except subprocess.CalledProcessError as error:
        return f"the editor ended with {error.returncode}"
    return ""
