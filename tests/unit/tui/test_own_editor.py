"""The person's own editor: what it leaves comes back; what goes wrong is told and loses nothing."""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from maieutic.core.errors import UsageError
from maieutic.tui.own_editor import edit_in_own_editor
from textual.app import SuspendNotSupported


@pytest.fixture
def editor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Makes a shell line the editor; `$1` is the file."""

    def install(line: str) -> None:
        file = tmp_path / "editor"
        file.write_text(f"#!/bin/sh\n{line}\n", encoding="utf-8")
        file.chmod(file.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("VISUAL", str(file))

    return install


class Terminal:
    """Counts how often it was handed over and taken back, as an app's `suspend` does without a `finally`."""

    def __init__(self) -> None:
        self.given = self.back = 0

    @contextmanager
    def suspend(self) -> Iterator[None]:
        self.given += 1
        yield
        self.back += 1


def test_what_the_editor_wrote_is_the_text(editor: Callable[[str], None]) -> None:
    editor('printf \'Grüße: %s\' "$(cat "$1")" > "$1"')
    terminal = Terminal()
    assert edit_in_own_editor("old", terminal.suspend) == "Grüße: old"
    assert (terminal.given, terminal.back) == (1, 1)


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("/nowhere/ed", "cannot be started"),
        ("ed 'unclosed", "cannot be read"),
        ("false", "ended with 1"),
    ],
)
def test_an_editor_that_fails_gives_the_terminal_back(
    command: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VISUAL", command)
    terminal = Terminal()
    with pytest.raises(UsageError, match=words):
        edit_in_own_editor("text", terminal.suspend)
    assert (terminal.given, terminal.back) == (1, 1)


@pytest.mark.parametrize(
    ("line", "left"), [("printf '\\377\\376' > \"$1\"", b"\xff\xfe"), ('echo half > "$1"; exit 3', b"half\n")]
)
def test_what_cannot_be_taken_over_stays_in_a_file_that_the_error_names(
    editor: Callable[[str], None], line: str, left: bytes
) -> None:
    editor(line)
    with pytest.raises(UsageError) as caught:
        edit_in_own_editor("text", Terminal().suspend)
    assert caught.value.where is not None
    file = Path(caught.value.where)
    assert file.read_bytes() == left
    file.unlink()


def test_a_terminal_that_cannot_be_handed_over_is_told() -> None:
    @contextmanager
    def refuse() -> Iterator[None]:
        raise SuspendNotSupported("no")
        yield

    with pytest.raises(UsageError, match="cannot be handed"):
        edit_in_own_editor("text", refuse)
