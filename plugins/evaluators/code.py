"""Whether Python code that a model wrote does what it should: it is run."""

from __future__ import annotations

import asyncio
import re
from typing import Literal

from ...core.dataset import Example
from ...core.errors import NeedsError, UsageError
from ...core.models import Output
from ...core.protocols import Need
from ...core.score import Score
from .code_sandbox import SandboxResult, network_isolated, run_python
from .reference_base import NO_REFERENCE, shorten

_CODE_FENCE = re.compile(r"```(?:python|py)?[ \t]*\n(.*?)```", re.DOTALL)


class CodeEvaluator:
    """Runs the code in the output (its last fenced block, or all of it) in a subprocess with limits.

    check: `tests` runs the row's field `field` after it, one test a text or a list of them, and scores the share
    that passes, each in a process of its own; `stdout` gives the row's input to the program and compares what it
    prints with the references. seconds, megabytes: limits of one process. isolated: refuse to work where the network
    cannot be taken away; without it `values` say whether it was (`isolated`). What else is not guaranteed stands in
    `evaluators/cell.py` and in the manual.
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
            raise UsageError("limits that nothing can run in", where="code", possible=("seconds > 0, megabytes >= 32",))
        if isolated and not network_isolated():
            raise NeedsError(
                "code cannot be kept from the network here",
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
        given = example.metadata.get(self._field)
        tests = [given] if isinstance(given, str) else list(given or ())
        if not tests:
            said = f"the row brings no tests in its field {self._field!r}"
            return Score(value=0.0, failure="example", feedback=said)
        # The mark tells that the end was reached: code that leaves early with status 0 has passed nothing.
        mark = f"passed {example.id}"
        wrong = []
        for number, test in enumerate(tests, 1):
            ran = await self._run(f"{code}\n\n{test}\n\nprint({mark!r})\n", "")
            if not ran.succeeded or not ran.stdout.rstrip().endswith(mark):
                wrong.append(f"test {number}: {_failure_reason(ran, self._seconds)}")
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
        if any(_normalized_lines(ran.stdout) == _normalized_lines(one) for one in example.outputs):
            return Score(value=1.0, values=values)
        said = f"it prints {shorten(ran.stdout.strip())!r}, wanted {shorten(example.outputs[0])!r}"
        return Score(value=0.0, values=values, feedback=said)

    async def _run(self, source: str, stdin: str) -> SandboxResult:
        return await asyncio.to_thread(
            run_python, source, stdin=stdin, seconds=self._seconds, megabytes=self._megabytes
        )


def _normalized_lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.strip().splitlines()]


def _failure_reason(ran: SandboxResult, seconds: float) -> str:
    if ran.code is None:
        return f"not done after {seconds:g} seconds"
    last = ran.stderr.strip().splitlines()[-1:] or [f"it ended with status {ran.code}, before its end"]
    return shorten(last[0])
