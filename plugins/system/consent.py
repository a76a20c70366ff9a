"""Consent to what a task would execute and where it would send keys: asked for once, and remembered by content."""

from __future__ import annotations

from pathlib import Path

from ...core.errors import TrustError
from ...core.task import Task
from ...runtime.trust import trust_record, trusted_by_environment
from .task_access import TaskAccess, access_of_file, access_of_task

_SHIPPED = Path(__file__).resolve().parents[2] / "examples"


def has_consent(access: TaskAccess) -> bool:
    """Whether there is nothing to agree to, or the person has: by the environment, this content or the folder.

    The examples that ship with the package are its own code.
    """
    if not access or _SHIPPED in access.folder.resolve().parents or trusted_by_environment(access.folder):
        return True
    return trust_record().covers(access.digest, access.folder)


def task_has_consent(task: Task) -> bool:
    """As `has_consent`, where agreement to the task's file covers the task that was read from it."""
    access = access_of_task(task)
    if has_consent(access):
        return True
    file_access = access_of_file(Path(task.source)) if task.source else TaskAccess(folder=access.folder)
    is_part = set(access.code) <= set(file_access.code) and set(access.hosts) <= set(file_access.hosts)
    return is_part and has_consent(file_access)


def check_task_consent(task: Task) -> None:
    """Raises TrustError for a task with code or hosts of its own that nobody has agreed to."""
    if not task_has_consent(task):
        raise consent_error(access_of_task(task))


def record_consent(access: TaskAccess, *, later_changes: bool = False) -> bool:
    """Remember that the person agreed. False where it cannot be written: then it holds for this process alone."""
    if not access and not later_changes:
        return True
    try:
        trust_record().add(access.digest, access.folder, later_changes=later_changes)
    except OSError:
        return False
    return True


def consent_error(access: TaskAccess) -> TrustError:
    """What would run and which host would get which key, and how to agree."""
    uses = "".join(f"\n  - {line}" for line in access.lines())
    return TrustError(
        f"nobody at this account has agreed that this task may{uses}",
        where=str(access.folder),
        possible=(f"maieutic trust {access.folder}", "--trust", "MAIEUTIC_TRUST", "in Python trust=True"),
        remedy="read what it would run, then agree once in one of these ways; --no-plugins runs none of it",
    )
