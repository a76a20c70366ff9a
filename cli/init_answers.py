"""The answers of `init`, saved after each of them: what was typed is there when `init` goes on."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..core.errors import UsageError
from .options import DEFAULT_FOLDER
from .printer import echo, prompt

_FOLDER = "drafts"


class SavedAnswers:
    """Answers by the name of their question. Without a file they are not saved."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self.values: dict[str, Any] = {}
        self.asked_again: set[str] = set()
        if path is not None and path.is_file():
            with contextlib.suppress(OSError, ValueError):
                content = json.loads(path.read_text(encoding="utf-8"))
                self.values = content if isinstance(content, dict) else {}

    @classmethod
    def for_task(cls, place: Path) -> SavedAnswers:
        """The answers for a new task in a folder, of this call and of an earlier one that did not come to its end."""
        from ..core.identity import digest

        return cls(DEFAULT_FOLDER / _FOLDER / f"{digest(str(place.resolve()))[:12]}.json")

    def put(self, name: str, value: Any) -> None:
        self.values[name] = value
        self._save()

    def forget(self, *names: str) -> None:
        """Ask these again; all without names."""
        self.asked_again.update(names)
        for name in names or tuple(self.values):
            self.values.pop(name, None)
        self._save()

    def ask(
        self, name: str, question: str, *, default: str | None = None, check: Callable[[str], str] = str.strip
    ) -> str:
        """The saved answer, else the reply, asked until it is valid."""
        if name in self.values:
            return str(self.values[name])
        reply = ask(question, default=default, check=check)
        self.put(name, reply)
        return reply

    def _save(self) -> None:
        from ..runtime.store.permissions import make_private_folder, open_private_file

        if self._path is None:
            return
        with contextlib.suppress(OSError):  # a folder that cannot be written only loses the convenience
            if self.values:
                make_private_folder(self._path.parent)
                with open_private_file(self._path, "wb") as file:
                    file.write(json.dumps(self.values, ensure_ascii=False).encode())
            elif self._path.is_file():
                self._path.unlink()
                self._path.parent.rmdir()
                self._path.parent.parent.rmdir()


def ask(question: str, *, default: str | None = None, check: Callable[[str], str] = str.strip) -> str:
    """Ask until the reply is valid."""
    while True:
        reply = prompt(question, default=default, show_default=bool(default))
        try:
            return check(reply)
        except UsageError as error:
            echo(f"  {error.what}")
            if error.possible:
                echo(f"  possible: {', '.join(error.possible)}")
            if error.remedy:
                echo(f"  {error.remedy}")
