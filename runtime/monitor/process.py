"""Whether the process that carries a run still exists."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..store import RunRecord


def process_start_time(pid: int) -> str:
    """When a process started, as a text that is the same whoever asks; empty where the system does not tell.

    The system reuses process ids, so a run stores its start time beside its pid. On Linux the time counts from the
    boot, because a change of the wall clock moves the absolute time.
    """
    import psutil

    try:
        started = psutil.Process(pid).create_time()
    except psutil.Error:
        return ""
    return f"{started - psutil.boot_time() if psutil.LINUX else started:.2f}"


def is_run_alive(record: RunRecord) -> bool:
    """Whether the process that the record names still runs it.

    False for a run that is over, for a process that ended without being reaped (a zombie), and for another process
    that got the same id later. True where the system forbids a closer look.
    """
    if record.state not in ("running", "paused") or record.pid is None:
        return False
    import psutil

    try:
        if psutil.Process(record.pid).status() == psutil.STATUS_ZOMBIE:
            return False
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True
    stored = record.options.get("born")
    return not stored or process_start_time(record.pid) in ("", stored)
