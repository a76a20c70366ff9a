"""Connections to the database file: one that writes, many that read. Its schema version, and the time it stores."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from ...core.errors import RunFailed, UsageError
from .permissions import create_private_file, make_private_folder
from .writing_connection import WritingConnection

MIGRATION_SET = "maieutic"
MIGRATION_NAMES = (
    "m001_runs",
    "m002_archive",
    "m003_calls",
    "m004_log",
    "m005_lessons",
    "m006_reports",
    "m007_duels",
    "m008_run_ends",
    "m009_leases",
    "m010_measures",
)
_BUSY_TIMEOUT_SECONDS = 30.0  # a commit takes milliseconds, but many processes may queue for the lock


def now() -> str:
    """UTC in ISO 8601, to the millisecond; sorts as text."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def open_writer(path: Path, migrate: Callable[[sqlite3.Connection, str], None]) -> sqlite3.Connection:
    """A connection that writes, after `migrate` has updated an old schema. Used by one thread at a time.

    `synchronous=NORMAL` in WAL mode: committed data survives the death of the process. Only a power failure may lose
    the newest commits, and even then the file stays consistent.
    """
    try:
        make_private_folder(path.parent)
        create_private_file(path)  # SQLite gives its journals the permissions of the database
    except OSError as error:
        raise _open_error(path, error) from error
    connection = _connect(str(path), path, uri=False)
    try:
        _enable_wal(connection)
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA foreign_keys = ON")
        if not is_current(connection, str(path)):
            migrate(connection, str(path))
        _learn_keys(connection)
    except sqlite3.DatabaseError as error:
        connection.close()
        raise _open_error(path, error) from error
    except UsageError:
        connection.close()
        raise
    return connection


def is_current(connection: sqlite3.Connection, where: str) -> bool:
    """Whether all migrations were applied. Raises UsageError for a migration that this version does not know.

    It needs no library, so that opening an up-to-date store imports nothing heavy.
    """
    table = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = '_sqlite_migrations'"
    if connection.execute(table).fetchone() is None:
        return False
    query = "SELECT name FROM _sqlite_migrations WHERE migration_set = ?"
    applied = {str(name) for (name,) in connection.execute(query, (MIGRATION_SET,))}
    if unknown := applied - set(MIGRATION_NAMES):
        raise UsageError(
            f"a newer Maieutic wrote this store (it knows {', '.join(sorted(unknown))})",
            where=where,
            remedy="upgrade maieutic, or work in another folder",
        )
    return applied == set(MIGRATION_NAMES)


def check_readable(path: Path) -> None:
    """Raises UsageError where there is no store, or one that must be upgraded before it can be read."""
    if not path.is_file():
        raise UsageError(
            "there is no store here yet",
            where=str(path),
            remedy="start a run in this folder, or name the folder that holds one",
        )
    connection = open_reader(path)
    try:
        current = is_current(connection, str(path))
        tables = {str(name) for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    except sqlite3.DatabaseError as error:
        raise _open_error(path, error) from error
    finally:
        connection.close()
    if not tables:
        raise UsageError(
            "the store is empty: it was truncated, or the command that made it was ended at once",
            where=str(path),
            remedy="restore it from a copy, or move the folder away and start a run anew",
        )
    if "runs" not in tables:
        raise UsageError(
            f"this database is no store of Maieutic; it has the tables {', '.join(sorted(tables))}",
            where=str(path),
            remedy="name the folder that holds the store",
        )
    if not current:
        raise UsageError(
            "an older Maieutic wrote this store, and a command that only reads cannot upgrade it",
            where=str(path),
            remedy=f"run maieutic doctor --upgrade --folder {path.parent}; no data is lost",
        )


def open_reader(path: Path) -> sqlite3.Connection:
    """A connection that reads, also where nothing can be written beside the database, as on a read-only mount."""
    address = f"{path.absolute().as_uri()}?mode=ro"
    connection = _connect(address, path, uri=True)
    try:
        connection.execute("PRAGMA schema_version")
    except sqlite3.OperationalError:
        journal = path.with_name(f"{path.name}-wal")
        # Without a journal the file itself is all there is, and nobody can change it: no locks are needed.
        if os.access(path.parent, os.W_OK) or (journal.exists() and journal.stat().st_size):
            return connection  # the first query says what is wrong
        connection.close()
        return _connect(f"{address}&immutable=1", path, uri=True)
    except sqlite3.DatabaseError:
        return connection
    return connection


class ReaderPool:
    """A pool of read-only connections for any number of threads; each serves one reader at a time.

    Connections are in autocommit mode: every statement sees all data committed before it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._idle: list[sqlite3.Connection] = []
        self._lock = threading.Lock()
        self._closed = False

    @contextmanager
    def borrow(self) -> Iterator[sqlite3.Connection]:
        """Raises RunFailed once closed."""
        with self._lock:
            if self._closed:
                raise RunFailed("the store was closed", where=str(self._path))
            connection = self._idle.pop() if self._idle else None
        connection = connection or open_reader(self._path)
        try:
            yield connection
        finally:
            with self._lock:
                reuse = not self._closed
                if reuse:
                    self._idle.append(connection)
            if not reuse:
                connection.close()

    def close(self) -> None:
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()


def _connect(address: str, path: Path, *, uri: bool) -> sqlite3.Connection:
    try:
        return sqlite3.connect(
            address,
            uri=uri,
            timeout=_BUSY_TIMEOUT_SECONDS,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=256,
            factory=sqlite3.Connection if uri else WritingConnection,
        )
    except sqlite3.OperationalError as error:
        raise _open_error(path, error) from error


def _learn_keys(connection: sqlite3.Connection) -> None:
    """What the unfinished runs use as keys: this process may continue one of them."""
    if isinstance(connection, WritingConnection):
        query = (
            "SELECT json_object('models', json_extract(task_json, '$.models'), "
            "'evaluators', json_extract(task_json, '$.evaluators')) "
            "FROM runs WHERE state != 'finished' AND json_valid(task_json)"
        )
        for (task_json,) in connection.execute(query).fetchall():
            connection.learn_keys(task_json)


def _enable_wal(connection: sqlite3.Connection) -> None:
    """SQLite does not wait for its lock while it changes the journal mode, so that two first openers retry here."""
    deadline = time.monotonic() + _BUSY_TIMEOUT_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def _open_error(path: Path, error: sqlite3.Error | OSError) -> UsageError:
    return UsageError(
        f"the store cannot be opened: {error}",
        where=str(path),
        remedy="check the folder's permissions and free space; move a damaged file away",
    )
