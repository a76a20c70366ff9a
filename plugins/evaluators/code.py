"""Scores Python code by running it: against tests, or against its expected output."""

from __future__ import annotations

import asyncio
import re
from typing import Literal

from ...core.dataset import Example
from ...core.errors import NeedsError, UsageError
from ...core.models import Output
from ...core.protocols import Need
from ...core.score import Score
from .code_sandbox import Limits, SandboxResult, network_isolated, run_python, run_test
from .reference_match import NO_REFERENCE, shorten

_CODE_FENCE = re.compile(r"```(?:python|py)?[ \t]*\n(.*?)```", re.DOTALL)


class CodeEvaluator:
    """Runs the code in the output, its last fenced block or all of it, in a subprocess with limits.

    What the subprocess does not guarantee is described in `code_sandbox.py` and in docs/evaluators.md.

    Args:
        check: `tests` runs each test of the example's field `field`, a text or a list, and scores the share that
            passes. The code and the test have a process each: the test calls the code there, and compares the values
            that it returns by the expected value's own comparison. `stdout` pipes the input to the program and compares
            what it prints with the references.
        seconds: The time limit of one process.
        megabytes: The memory limit of the code with all processes that it starts.
        isolated: Whether to refuse to run where the network cannot be cut off. Without it, `values.isolated` tells.
    """

    name = "code"

    def __init__(
        self,
        check: Literal["tests", "stdout"] = "tests",
        field: str = "tests",
        seconds: float = 5.0,
        megabytes: int = 512,
        isolated: bool = False,
    ) -> None:
        if check not in ("tests", "stdout"):
            raise UsageError(f"{check!r} is unknown", where="code: check", possible=("tests", "stdout"))
        if not 0 < seconds <= 600 or megabytes < 32:
            possible = ("0 < seconds <= 600, megabytes >= 32",)
            raise UsageError("these limits are out of range", where="code", possible=possible)
        if isolated and not network_isolated():
            raise NeedsError(
                "the network cannot be cut off here",
                where="code: isolated",
                remedy="allow unprivileged user namespaces, or run in a container without a network",
            )
        self.needs: frozenset[Need] = frozenset({"references"}) if check == "stdout" else frozenset()
        self._check, self._field, self._seconds, self._megabytes = check, field, seconds, megabytes

    async def evaluate(self, example: Example, output: Output, answer: str | None) -> Score:
        blocks = _CODE_FENCE.findall(output.text)
        code = (blocks[-1] if blocks else output.text).strip()
        if not code:
            return Score(value=0.0, failure="format", feedback="there is no code in the output")
        return await (self._by_tests if self._check == "tests" else self._by_output)(example, code)

    async def _by_tests(self, example: Example, code: str) -> Score:
        source = example.metadata.get(self._field)
        tests = [source] if isinstance(source, str) else list(source or ())
        if not tests:
            text = f"the example has no tests in its field {self._field!r}"
            return Score(value=0.0, failure="example", feedback=text)
        limits, wrong = Limits(seconds=self._seconds, megabytes=self._megabytes), []
        for number, test in enumerate(tests, 1):
            outcome = await asyncio.to_thread(run_test, code, str(test), limits)
            if not outcome.passed:
                reason = shorten(outcome.reason) or _failure_reason(outcome.program, self._seconds)
                wrong.append(f"test {number}: {reason}")
        values = {"passed": len(tests) - len(wrong), "tests": len(tests), "isolated": float(network_isolated())}
        feedback = "; ".join(wrong[:3]) or None
        return Score(value=1 - len(wrong) / len(tests), values=values, feedback=feedback)

    async def _by_output(self, example: Example, code: str) -> Score:
        if not example.outputs:
            return NO_REFERENCE
        ran = await self._run(code, example.text)
        values = {"isolated": float(network_isolated())}
        if not ran.succeeded:
            return Score(value=0.0, values=values, feedback=_failure_reason(ran, self._seconds))
        if any(_normalized_lines(ran.stdout) == _normalized_lines(reference) for reference in example.outputs):
            return Score(value=1.0, values=values)
        text = f"it prints {shorten(ran.stdout.strip())!r}, wanted {shorten(example.outputs[0])!r}"
        return Score(value=0.0, values=values, feedback=text)

    async def _run(self, source: str, stdin: str) -> SandboxResult:
        return await asyncio.to_thread(
            run_python, source, stdin=stdin, seconds=self._seconds, megabytes=self._megabytes
        )


def _normalized_lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.strip().splitlines()]


def _failure_reason(ran: SandboxResult, seconds: float) -> str:
    if ran.stopped:
        return ran.stopped
    if ran.code is None:
        return f"not done after {seconds:g} seconds"
    last = ran.stderr.strip().splitlines()[-1:] or [f"it ended with status {ran.code}, before its end"]
    return shorten(last[0])
