"""The question before code of a task runs, or a key leaves for a host that it names."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ..core.errors import TrustError
from .printer import echo, prompt

if TYPE_CHECKING:
    from ..core.task import Task
    from ..plugins.system.task_access import TaskAccess

_QUESTION = "agree? [y]es, [a]lways (later changes in this folder too), [N]o"


def require_file_consent(path: Path, *, trust: bool, no_plugins: bool, replaced: set[str] | None = None) -> bool:
    """Consent to a task file, by question in a terminal. Returns whether there was anything to agree to.

    Raises TrustError without consent. replaced: roles whose model the command line names. With `no_plugins` its code
    is refused later, so that only its hosts are asked about.
    """
    from ..plugins.system.task_access import access_of_file

    access = access_of_file(path, replaced=replaced or set())
    return _require_consent(access.without_code() if no_plugins else access, trust=trust)


def require_task_consent(task: Task, *, trust: bool) -> bool:
    """As `require_file_consent`, for a task out of a store."""
    from ..plugins.system.consent import task_has_consent
    from ..plugins.system.task_access import access_of_task

    if not trust and task_has_consent(task):
        return False
    return _require_consent(access_of_task(task), trust=trust)


def _require_consent(access: TaskAccess, *, trust: bool) -> bool:
    from ..plugins.system.consent import consent_error, has_consent, record_consent

    if not access:
        return False
    if trust:
        record_consent(access)
    elif not has_consent(access):
        if not _can_ask():
            raise consent_error(access)
        for line in access_lines(access):
            echo(line, err=True)
        if not record_consent(access, later_changes=ask_consent(access)):
            echo("note: this cannot be remembered, it holds for this command", err=True)
    return True


def _can_ask() -> bool:
    """Whether a person sits there: not behind a pipe, and not where a script reads JSON."""
    from .errors import wants_json

    return sys.stdin.isatty() and sys.stderr.isatty() and not wants_json(sys.argv[1:])


def ask_consent(access: TaskAccess, *, always: bool = False) -> bool:
    """Ask; returns whether later changes are agreed to as well. Raises TrustError for a no."""
    from ..plugins.system.consent import consent_error

    if not _can_ask():
        raise consent_error(access)
    answer = str(prompt(_QUESTION, default="n", show_default=False, err=True)).strip().lower()
    if answer[:1] not in ("y", "a"):
        raise TrustError("not agreed: nothing was run or sent", where=str(access.folder))
    return always or answer.startswith("a")


def access_lines(access: TaskAccess) -> list[str]:
    if not access:
        return ["this task runs no code of its own, and sends no key to a host of its own: nothing to agree to"]
    return [f"the task in {access.folder} would", *(f"  - {line}" for line in access.lines())]
