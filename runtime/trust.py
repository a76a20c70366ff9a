"""What the person at this account has agreed to: content of task folders by hash, and folders of their own by path."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..core.errors import TrustError
from .settings import settings

FILE = "trusted.json"
_ALL = frozenset({"1", "true", "yes", "on", "all"})
_NONE = frozenset({"", "0", "false", "no", "off"})
_PRIVATE = 0o600
_NAMES = ("contents", "folders")


@dataclass(frozen=True, kw_only=True)
class TrustRecord:
    """The file with what was agreed to. One that is damaged agrees to nothing."""

    path: Path

    def covers(self, digest: str, folder: Path) -> bool:
        """Whether exactly this content was agreed to, or the folder with all later changes."""
        record = self._read()
        return digest in record["contents"] or _is_inside(folder, record["folders"])

    def add(self, digest: str, folder: Path, *, later_changes: bool = False) -> None:
        """Remember an agreement. Raises OSError where it cannot be written."""
        record = self._read()
        at = datetime.now(UTC).isoformat(timespec="seconds")
        record["contents"][digest] = {"folder": str(folder.resolve()), "at": at}
        if later_changes:
            record["folders"][str(folder.resolve())] = {"at": at}
        self._write(record)

    def remove(self, folder: Path) -> int:
        """Forget everything agreed for a folder; returns how many entries that were. Raises OSError."""
        record, place = self._read(), str(folder.resolve())
        contents = {key: entry for key, entry in record["contents"].items() if entry.get("folder") != place}
        folders = {key: entry for key, entry in record["folders"].items() if key != place}
        count = sum(map(len, record.values())) - len(contents) - len(folders)
        if count:
            self._write({"contents": contents, "folders": folders})
        return count

    def _read(self) -> dict[str, dict[str, Any]]:
        try:
            stored = json.loads(self.path.read_text(encoding="utf-8"))
            return {name: {str(key): dict(entry) for key, entry in stored[name].items()} for name in _NAMES}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return {name: {} for name in _NAMES}

    def _write(self, record: Mapping[str, Any]) -> None:
        """In one step: another process reads the old record or the new one, never half of one."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        draft = self.path.with_name(f"{FILE}.{os.getpid()}")
        with open(draft, "w", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, _PRIVATE)) as file:
            json.dump(record, file, indent=1, sort_keys=True)
        os.replace(draft, self.path)


def trust_record() -> TrustRecord:
    """The record of this account: in `MAIEUTIC_CONFIG`, or the platform's configuration folder."""
    if (folder := settings().config) is not None:
        return TrustRecord(path=folder / FILE)
    from platformdirs import user_config_dir

    return TrustRecord(path=Path(user_config_dir("maieutic")) / FILE)


def trusted_by_environment(folder: Path) -> bool:
    """Whether `MAIEUTIC_TRUST` agrees: to everything (`1`), or to folders, separated as in PATH."""
    text = settings().trust.strip()
    if text.lower() in _ALL:
        return True
    if text.lower() in _NONE:
        return False
    places = [place for place in text.split(os.pathsep) if place]
    for place in places:
        if not Path(place).is_absolute():
            raise TrustError(
                f"{place!r} is neither 1 nor an absolute path",
                where="MAIEUTIC_TRUST",
                possible=("1: every task", f"folders, separated by {os.pathsep!r}"),
                remedy="give the folder's whole path",
            )
    return _is_inside(folder, {str(Path(place).resolve()) for place in places})


def _is_inside(folder: Path, places: Mapping[str, Any] | set[str]) -> bool:
    resolved = folder.resolve()
    return any(str(place) in places for place in (resolved, *resolved.parents))
