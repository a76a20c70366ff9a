"""Any promptfoo assertion as an evaluator: promptfoo itself runs it, in one long-lived process."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import subprocess
import threading
import weakref
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from ...core.dataset import Example
from ...core.errors import PluginError, UsageError
from ...core.models import Output
from ...core.protocols import NEEDS_NOTHING
from ...core.score import Score
from ..system.node_packages import package_folder
from .promptfoo_assertions import Grade

_SCRIPT = "promptfoo.mjs"


class PromptfooAssertion:
    """Scores with one assertion as in a test's `assert`: `{type = "contains", value = "…"}`, with all its options.

    The assertion's score in [0, 1] counts, or whether it passes. promptfoo fills `{{name}}` in its texts from the
    input's fields, `input`, `expected` and the metadata. It needs Node.js and `npm install promptfoo` in the task's
    folder or above it. Assertions that call a model do so through promptfoo: their calls are not counted.

    Args:
        modules: A folder with promptfoo's `node_modules`, in place of the task's.
        seconds: The time limit of one assertion.
    """

    needs = NEEDS_NOTHING

    def __init__(
        self, assertion: Mapping[str, Any], modules: str | None = None, seconds: float = 60.0, folder: str = "."
    ) -> None:
        if not isinstance(assertion.get("type"), str):
            raise UsageError(
                "a promptfoo assertion has a type", where="promptfoo: assertion", possible=('{type = "contains", …}',)
            )
        self.name = f"promptfoo:{assertion['type']}"
        self._assertion = dict(assertion)
        home = package_folder("promptfoo", Path(folder) / (modules or "."))
        if home is None:
            raise not_installed(Path(folder))
        self.process = PromptfooProcess(home, seconds)

    async def evaluate(self, example: Example, output: Output, answer: str | None) -> Score:
        try:
            grade = await self.process.grade(self._assertion, example, output.text)
        except ValueError as error:
            text = f"{self.name} failed on this example: {error}"
            return Score(value=0.0, failure="example", feedback=text[:600], reason=text[:300])
        feedback = None if grade.passed else grade.reason[:600] or None
        return Score(value=grade.score, values={"pass": float(grade.passed)}, feedback=feedback)


class PromptfooProcess:
    """promptfoo itself, in one process that answers assertions.

    Args:
        home: A folder whose node_modules have promptfoo.
        seconds: The time limit of one assertion.
    """

    def __init__(self, home: Path, seconds: float) -> None:
        self._home, self._seconds = home, seconds
        self._process: subprocess.Popen[str] | None = None
        self._lock = threading.Lock()

    async def grade(self, assertion: Mapping[str, Any], example: Example, output: str) -> Grade:
        """What promptfoo says of an output. Raises ValueError where promptfoo does, PluginError where it hangs."""
        request = {
            "assertion": dict(assertion),
            "output": output,
            "vars": example_values(example),
            "prompt": example.text,
        }
        response = await asyncio.to_thread(self._request, json.dumps(request, ensure_ascii=True))
        if "error" in response:
            raise ValueError(response["error"])
        score, passed = response.get("score"), bool(response.get("pass"))
        value = float(score) if isinstance(score, int | float) else float(passed)
        return Grade(passed=passed, score=min(1.0, max(0.0, value)), reason=str(response.get("reason") or ""))

    def _request(self, line: str) -> dict[str, Any]:
        with self._lock:
            process = self._process
            if process is None or process.poll() is not None:
                process = self._process = self._start()
            return self._exchange(process, line)

    def _exchange(self, process: subprocess.Popen[str], line: str | None) -> dict[str, Any]:
        assert process.stdin is not None
        assert process.stdout is not None
        watch = threading.Timer(self._seconds, process.kill)
        watch.start()
        try:
            if line is not None:
                process.stdin.write(f"{line}\n")
                process.stdin.flush()
            answered = process.stdout.readline()
        except BrokenPipeError:
            answered = ""
        finally:
            watch.cancel()
        if not answered:
            raise PluginError(
                f"promptfoo gave no answer within {self._seconds:g} seconds, or ended",
                where=f"promptfoo in {self._home}",
                remedy="try the assertion with: npx promptfoo eval",
            )
        response: dict[str, Any] = json.loads(answered)
        return response

    def _start(self) -> subprocess.Popen[str]:
        script = str(resources.files(__package__).joinpath(_SCRIPT))
        process = subprocess.Popen(
            ["node", script, str(self._home)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
            cwd=self._home,
        )
        weakref.finalize(self, _stop_process, process)
        self._exchange(process, None)
        return process


def _stop_process(process: subprocess.Popen[str]) -> None:
    process.kill()
    with contextlib.suppress(OSError):
        process.communicate(timeout=5)


def example_values(example: Example) -> dict[str, Any]:
    """What `{{name}}` means in an assertion: the input's fields, `input`, `expected` and the metadata."""
    fields = dict(example.input) if isinstance(example.input, Mapping) else {}
    return {**example.metadata, "expected": example.output, "input": example.text, **fields}


def not_installed(folder: Path) -> UsageError:
    missing = "Node.js" if shutil.which("node") is None else "promptfoo"
    return UsageError(
        f"promptfoo assertions need {missing}, which is not installed",
        where=f"promptfoo, for {folder.resolve()}",
        remedy="install Node.js 20 or newer, then: npm install promptfoo",
    )
