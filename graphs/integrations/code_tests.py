"""Tests of Python code as the function that `optimize_text` asks: each runs in the confined runner."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from ...core.dataset import Example
from ...core.models import Output
from ...core.score import Score
from ...plugins.evaluators.code import CodeEvaluator


def code_tests(*, field: str = "test", **limits: Any) -> Callable[[str, Any], Awaitable[Score]]:
    """A function for `optimize_text` that runs the code with the tests of an example, in a subprocess with limits.

        optimize_text(source, kind="code", evaluate=code_tests(), examples=[{"test": "assert area(2, 3) == 6"}, …])

    Args:
        field: the field of the examples with a test, or a list of them: Python statements that raise where it fails. An
            example that is a text is itself the test.
        **limits: seconds, megabytes and isolated, as the evaluator `code` takes them.

    Returns:
        The function: the share of an example's tests that pass, with what went wrong as feedback.
    """
    evaluator = CodeEvaluator(**limits)

    async def run_tests(text: str, example: Any) -> Score:
        tests = example.get(field, ()) if isinstance(example, Mapping) else example
        case = Example(input="the code", metadata={"tests": [tests] if isinstance(tests, str) else list(tests)})
        return await evaluator.evaluate(case, Output(text=f"```python\n{text}\n```"), None)

    return run_tests
