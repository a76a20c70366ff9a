"""When a process began: a process id is used again, together with its birth it is not."""

from __future__ import annotations

import subprocess
from pathlib import Path

_STARTED_AT = 19  # the 22nd field of /proc/PID/stat, counted behind the name in brackets
_PATIENCE_SECONDS = 5.0


def process_start_time(pid: int) -> str:
    """The same text for the same process, however often and from wherever it is asked; empty where nobody can tell."""
    try:
        told = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()
        return f"{boot}/{told.rpartition(')')[2].split()[_STARTED_AT]}"
    except (OSError, IndexError):
        return _from_ps(pid)


def _from_ps(pid: int) -> str:
    """Where there is no /proc, `ps` tells to the second."""
    words = ["ps", "-o", "lstart=", "-p", str(pid)]
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=_PATIENCE_SECONDS)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return " ".join(done.stdout.split())
