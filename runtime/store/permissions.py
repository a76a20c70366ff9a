"""Who may read a store: its folder and files belong to one account, since they hold examples, prompts and answers."""

from __future__ import annotations

import os
import stat
from fnmatch import fnmatch
from pathlib import Path
from typing import IO

from ...core.errors import UsageError

PRIVATE_FOLDER, PRIVATE_FILE = 0o700, 0o600
_DATABASES = ("maieutic.db*", "checkpoints.db*", "crash-*.log")
_OWN_NAMES = (*_DATABASES, "*.log")


def make_private_folder(folder: Path) -> None:
    """Create the folder, closed to other accounts; one that exists stays as it is. Raises OSError."""
    folder.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)


def create_private_file(path: Path) -> None:
    """Create an empty file that other accounts cannot read, where there is none. Raises OSError."""
    # Only where it is missing: closing any descriptor of a database drops the locks that SQLite holds in this process.
    if not path.exists():
        os.close(os.open(path, os.O_CREAT | os.O_RDONLY, PRIVATE_FILE))


def open_private_file(path: Path, mode: str) -> IO[bytes]:
    """As `open` in a binary mode; a new file cannot be read by other accounts. Raises OSError."""
    return open(path, mode, opener=lambda name, flags: os.open(name, flags, PRIVATE_FILE))


def exposed_paths(folder: Path) -> list[Path]:
    """What of a store other accounts of this machine may read or change: the folder, and its files."""
    if os.name != "posix" or not folder.is_dir():
        return []
    entries = sorted(folder.iterdir())
    # A folder that holds more than a store, say a project's, is left to its owner; so are logs that others wrote there.
    own = folder.resolve().name == ".maieutic" or all(_matches(path, _OWN_NAMES) for path in entries)
    files = [path for path in entries if _matches(path, _OWN_NAMES if own else _DATABASES) and path.is_file()]
    return [path for path in [*([folder] if own else []), *files] if _is_open(path)]


def restrict_paths(folder: Path) -> None:
    """Close what `exposed_paths` lists. Raises UsageError for a file of another account."""
    for path in exposed_paths(folder):
        try:
            path.chmod(PRIVATE_FOLDER if path.is_dir() else PRIVATE_FILE)
        except OSError as error:
            raise UsageError(
                f"the permissions cannot be changed: {error.strerror or error}",
                where=str(path),
                remedy="run maieutic doctor --upgrade as the owner of the file",
            ) from error


def _matches(path: Path, patterns: tuple[str, ...]) -> bool:
    return any(fnmatch(path.name, pattern) for pattern in patterns)


def _is_open(path: Path) -> bool:
    return not path.is_symlink() and bool(path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO))
