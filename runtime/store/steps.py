"""How old a store is, told without the library that builds the tables: opening one to read it imports nothing heavy."""

from __future__ import annotations

import sqlite3

from ...core.errors import UsageError

MIGRATION_SET = "maieutic"
MIGRATION_NAMES = (
    "m001_runs",
    "m002_archive",
    "m003_calls",
    "m004_log",
    "m005_lessons",
    "m006_reports",
    "m007_duels",
)


def is_current(connection: sqlite3.Connection, where: str) -> bool:
    """Whether all steps were applied. Raises UsageError where steps were applied that this version does not know."""
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
