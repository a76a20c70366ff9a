"""Whether the process that carries a run is still there."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from .births import process_start_time

if TYPE_CHECKING:
    from ..store import RunRecord


def is_run_alive(record: RunRecord) -> bool:
    """Whether it is the very process that the record names: a pid that was given to another one is none. A run that is
    over is never alive, nor a process that ended but was not reaped."""
    if record.state not in ("running", "paused") or record.pid is None:
        return False
    try:
        os.kill(record.pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    if (born := record.options.get("born")) and process_start_time(record.pid) not in ("", born):
        return False
    return not _is_zombie(record.pid)


def _is_zombie(pid: int) -> bool:
    """Only where the system tells (Linux); elsewhere a process that answers counts as there."""
    try:
        told = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return told.rpartition(")")[2].split()[:1] == ["Z"]
