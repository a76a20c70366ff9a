"""`plugins show` and `check` of a file: one that breaks, or is not there, is an error and no empty table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

WORDS = ["show", "check"]


@pytest.mark.parametrize("word", WORDS)
def test_a_plugin_that_raises_is_named_with_what_it_raised(call: Any, tmp_path: Path, word: str) -> None:
    (tmp_path / "breaks.py").write_text("raise RuntimeError('boom')\n", encoding="utf-8")
    done = call("plugins", word, "./breaks.py")
    assert done.code == 1
    assert "'breaks' cannot be used: RuntimeError: boom" in done.err
    assert not done.out


@pytest.mark.parametrize("word", WORDS)
def test_a_file_that_is_not_there_is_a_wrong_word(call: Any, word: str) -> None:
    done = call("plugins", word, "./gone.py")
    assert done.code == 2
    assert "there is no plugin gone.py" in done.err
    assert not done.out


def test_what_is_shipped_can_be_shown(call: Any) -> None:
    assert "bandit" in call("plugins", "show", "maieutic").out
