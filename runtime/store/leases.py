"""Queries for leases: of several processes that need the same answer, one asks for it and the others wait.

A lease is taken in the transaction that records the request, and ends with its outcome. One whose process is dead, or
whose time is over, holds nobody up. Answers that are there are found in `calls` first, so that the table stays small.
"""

from __future__ import annotations

import os
import sqlite3
import time
from functools import lru_cache

from ..processes import is_process_alive, process_start_time
from .calls import begin_attempt
from .records import Attempt


def begin_leased_attempt(db: sqlite3.Connection, attempt: Attempt, seconds: float) -> int | None:
    """As `begin_attempt`. None where the call is answered, or another run of a living process is asking: then nothing
    may be sent. seconds: after which the request has an outcome or is lost."""
    answered = db.execute("SELECT 1 FROM calls WHERE key = ?", (attempt.key,)).fetchone()
    if answered is not None or is_leased(db, attempt.key, attempt.run):
        return None
    db.execute(
        "INSERT INTO leases (key, run, pid, born, until) VALUES (?, ?, ?, ?, ?) ON CONFLICT (key) DO UPDATE "
        "SET run = excluded.run, pid = excluded.pid, born = excluded.born, until = excluded.until",
        (attempt.key, attempt.run, os.getpid(), _own_start_time(os.getpid()), time.time() + seconds),
    )
    return begin_attempt(db, attempt)


def is_leased(db: sqlite3.Connection, key: str, run: str) -> bool:
    """Whether another run asks for this answer now, in a process that lives."""
    row = db.execute("SELECT run, pid, born, until FROM leases WHERE key = ?", (key,)).fetchone()
    if row is None or row[0] == run or row[3] < time.time():
        return False
    return is_process_alive(int(row[1]), str(row[2]))


def release_lease(db: sqlite3.Connection, key: str, run: str) -> None:
    """The run's request for this answer came to nothing that is recorded otherwise."""
    db.execute("DELETE FROM leases WHERE key = ? AND run = ?", (key, run))


@lru_cache(maxsize=1)
def _own_start_time(pid: int) -> str:
    """By the process id: a forked process is another one."""
    return process_start_time(pid)
