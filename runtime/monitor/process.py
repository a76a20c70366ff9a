"""Whether the process that carries a run still exists."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..processes import is_process_alive
from ..processes import process_start_time as process_start_time

if TYPE_CHECKING:
    from ..store import RunRecord


def is_run_alive(record: RunRecord) -> bool:
    """Whether the process that the record names still runs it. False for a run that is over."""
    if record.state not in ("running", "paused") or record.pid is None:
        return False
    return is_process_alive(record.pid, str(record.options.get("born") or ""))
