"""Whether a process still exists: the same one, not another that got its id later."""

from __future__ import annotations


def process_start_time(pid: int) -> str:
    """When a process started, as a text that is the same whoever asks; empty where the system does not tell.

    The system reuses process ids, so a start time is stored beside each. On Linux the time counts from the boot,
    because a change of the wall clock moves the absolute time.
    """
    import psutil

    try:
        started = psutil.Process(pid).create_time()
    except psutil.Error:
        return ""
    return f"{started - psutil.boot_time() if psutil.LINUX else started:.2f}"


def is_process_alive(pid: int, start_time: str) -> bool:
    """Whether the process runs. start_time: as `process_start_time` gave it; empty where it is not known.

    False for a process that ended without being reaped (a zombie), and for another process that got the same id later.
    True where the system forbids a closer look.
    """
    import psutil

    try:
        if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return False
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True
    return not start_time or process_start_time(pid) in ("", start_time)
