"""What `eval`, `compare` and `transfer` share: they measure, and search nothing."""

from __future__ import annotations

import sys
from collections.abc import Coroutine
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from ..core.errors import RunStopped
from .interrupt import run_until_interrupted

if TYPE_CHECKING:
    from ..core.program import Program

T = TypeVar("T")
TEST_REUSE_WARNING = "the test rows were looked at: choose no prompt by this number"


def run_evaluation(work: Coroutine[Any, Any, T], *, what: str, again: str) -> T:
    """What came of it. Raises RunStopped where a person interrupted it. again: the command that goes on with it.
    What metrics print meanwhile goes to stderr: stdout is for the result."""
    with redirect_stdout(sys.stderr):
        done = run_until_interrupted(work, goes_on_with=lambda: again)
    if done is None:
        raise RunStopped(f"the {what} was interrupted; what was answered is in the cache", remedy="run it again")
    return done


def load_program(path: Path) -> Program:
    """The prompt of a text file, or the whole program of an exported .json."""
    from ..core.program import Program
    from ..plugins.exporters.json_file import load_json
    from ..runtime.tasks.rows import read_text

    text = read_text(path)
    return load_json(text, where=str(path)) if path.suffix == ".json" else Program.of(text.rstrip("\n"))
