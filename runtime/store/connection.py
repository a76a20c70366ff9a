"""Connections to the database file: one that writes, many that read."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ...core.errors import RunFailed, UsageError
from .steps import is_current

_BUSY_TIMEOUT_SECONDS = 30.0


def open_writer(path: Path) -> sqlite3.Connection:
    """A connection that writes; the tables are brought up to date first. Used by one thread at a time.

    `synchronous=NORMAL` in WAL mode: what is committed survives the death of the process at any moment. Only the
    loss of power may take back the newest commits, and even then what is left is whole.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _open_error(path, error) from error
    connection = _connect(str(path), path, uri=False)
    try:
        _enable_wal(connection)
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA foreign_keys = ON")
        if not is_current(connection, str(path)):
            from .schema import migrate

            migrate(connection, str(path))
    except sqlite3.DatabaseError as error:
        connection.close()
        raise _open_error(path, error) from error
    except UsageError:
        connection.close()
        raise
    return connection


def check_readable(path: Path) -> None:
    """Raises UsageError where there is no store, or one that this version cannot read without changing it."""
    if not path.is_file():
        raise UsageError(
            "there is no store here yet",
            where=str(path),
            remedy="start a run in this folder, or name the folder that holds one",
        )
    connection = open_reader(path)
    try:
        current = is_current(connection, str(path))
    except sqlite3.DatabaseError as error:
        raise _open_error(path, error) from error
    finally:
        connection.close()
    if not current:
        raise UsageError(
            "an older Maieutic wrote this store, and reading alone cannot bring it up to date",
            where=str(path),
            remedy=f"maieutic doctor --upgrade --folder {path.parent} does it; nothing in it is lost",
        )


def open_reader(path: Path) -> sqlite3.Connection:
    return _connect(f"{path.absolute().as_uri()}?mode=ro", path, uri=True)


class ReaderPool:
    """A pool of read-only connections for any number of threads; each is lent to one reader at a time.

    Connections are in autocommit mode: every statement sees all that was committed before it.
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
        lent = connection or open_reader(self._path)
        try:
            yield lent
        finally:
            with self._lock:
                keep = not self._closed
                if keep:
                    self._idle.append(lent)
            if not keep:
                lent.close()

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
        )
    except sqlite3.OperationalError as error:
        raise _open_error(path, error) from error


def _enable_wal(connection: sqlite3.Connection) -> None:
    """SQLite does not wait for its lock while it changes the journal mode, so two first openers take turns here."""
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
        remedy="check the folder's permissions and free space; a damaged file can be moved away",
    )
