"""Where the graph's checkpoints are kept: beside the store, or in a Postgres that several machines share."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from ..core.errors import RunFailed, UsageError
from ..runtime.store.permissions import create_private_file
from ..runtime.store.redaction import Redactor
from .checkpoint_serializer import PlainSerializer

CHECKPOINTS_VARIABLE = "MAIEUTIC_CHECKPOINTS"
CHECKPOINTS_FILE = "checkpoints.db"
_SCHEMES = ("postgres://", "postgresql://")


def check_checkpoint_url(url: str) -> None:
    """Raises UsageError for a URL that cannot be used, or whose library is missing. Connects to nothing."""
    if not url:
        return
    if not url.startswith(_SCHEMES):
        raise UsageError(
            "checkpoints can be kept beside the store, or in a Postgres database",
            where=CHECKPOINTS_VARIABLE,
            possible=("postgresql://user@host/database", "unset"),
        )
    _import_postgres()


@asynccontextmanager
async def open_checkpointer(
    folder: Path, url: str = "", redactor: Redactor | None = None
) -> AsyncIterator[BaseCheckpointSaver[Any]]:
    """LangGraph's SQLite checkpointer in `folder`, or its Postgres one. The store stays in `folder` either way.

    redactor: knows the keys of the run beside those that the environment names as such.
    """
    serializer = PlainSerializer(redactor or Redactor())
    check_checkpoint_url(url)
    if not url:
        create_private_file(folder / CHECKPOINTS_FILE)
        async with AsyncSqliteSaver.from_conn_string(str(folder / CHECKPOINTS_FILE)) as saver:
            saver.serde = serializer
            try:
                yield saver
            finally:
                # A cancelled write leaves its transaction open, and closing does not end it while a cursor is alive,
                # for example in the traceback of the cancellation: the next run would find the file locked. The lock
                # is held because LangGraph writes in tasks of its own, which may outlive the cancelled one.
                async with saver.lock:
                    await saver.conn.rollback()
                    await saver.conn.close()
        return
    saver_class, connection_error = _import_postgres()
    try:
        connection = saver_class.from_conn_string(url)
        saver = await connection.__aenter__()
        saver.serde = serializer
    except connection_error as error:
        raise RunFailed(
            f"the Postgres for checkpoints cannot be used: {error}",
            where=CHECKPOINTS_VARIABLE,
            remedy=f"start it, correct {CHECKPOINTS_VARIABLE}, or unset it to keep checkpoints beside the store",
        ) from error
    try:
        await saver.setup()
        yield saver
    finally:
        await connection.__aexit__(None, None, None)


def _import_postgres() -> tuple[Any, type[Exception]]:
    """The saver's class, and the error that says there is no connection."""
    import importlib

    try:
        saver = importlib.import_module("langgraph.checkpoint.postgres.aio").AsyncPostgresSaver
        return saver, importlib.import_module("psycopg").Error
    except ImportError as error:
        raise UsageError(
            "checkpoints in Postgres need LangGraph's Postgres checkpointer",
            where=CHECKPOINTS_VARIABLE,
            remedy='pip install "maieutic[postgres]"',
        ) from error
