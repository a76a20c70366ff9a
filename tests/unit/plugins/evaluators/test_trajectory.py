"""What an agent did on its way, scored."""

from __future__ import annotations

from typing import Any

import pytest
from maieutic.core.dataset import Example
from maieutic.core.errors import UsageError
from maieutic.core.models import Output
from maieutic.core.score import Score
from maieutic.core.trace import TraceStep
from maieutic.plugins.system.registry import Registry


def called(*names: str, **arguments: str) -> Output:
    steps = tuple(
        TraceStep(kind="tool", name=name, input=arguments.get(name, f'{{"n": {n}}}')) for n, name in enumerate(names)
    )
    return Output(text="done", trace=(TraceStep(kind="model", output="ok"), *steps))


async def score(output: Output, expected: Any = None, **options: Any) -> Score:
    evaluator = Registry.load(()).create("evaluator", "trajectory", **options)
    metadata = {} if expected is None else {"tools": expected}
    scored: Score = await evaluator.evaluate(Example(input="x", outputs=("ref",), metadata=metadata), output, None)
    return scored


@pytest.mark.parametrize(
    ("names", "expected", "values"),
    [
        (("a", "b"), ["a", "b"], {"tools": 1.0, "order": 1.0}),
        (("b", "a"), ["a", "b"], {"tools": 1.0, "order": 0.5}),
        (("a",), "a, b", {"tools": 2 / 3, "order": 0.5}),
        (("a", "c"), '["a"]', {"tools": 2 / 3, "order": 1.0}),
        ((), ["a"], {"tools": 0.0, "order": 0.0}),
        (("a",), [], {"tools": 0.0, "order": 1.0}),
        ((), [], {"tools": 1.0, "order": 1.0}),
    ],
)
async def test_tools_and_their_order(names: tuple[str, ...], expected: Any, values: dict[str, float]) -> None:
    scored = await score(called(*names), expected, parts=("tools", "order"))
    assert scored.values == pytest.approx(values)
    assert scored.value == pytest.approx(sum(values.values()) / 2)


async def test_arguments_count_where_they_are_expected() -> None:
    output = called("search", search='{"city": " PARIS ", "page": 1}')
    wanted = [{"name": "search", "arguments": {"city": "paris"}}]
    assert (await score(output, wanted, parts=("arguments",))).value == 1.0
    wrong = await score(output, [{"name": "search", "arguments": {"city": "rome"}}])
    assert wrong.values["arguments"] == 0.0
    assert 'search was expected with {"city": "rome"}' in (wrong.feedback or "")


async def test_loops_errors_and_steps() -> None:
    loop = called("a", "a", a="{}")
    assert (await score(loop)).values == {"loops": 0.0, "errors": 1.0}
    failed = Output(text="x", trace=(TraceStep(kind="tool", name="a", error="boom"), TraceStep(kind="tool", name="b")))
    assert (await score(failed)).values["errors"] == 0.5
    assert "a failed: boom" in ((await score(failed)).feedback or "")
    assert (await score(called("a", "b", "c"), max_steps=2, parts=("steps",))).value == 0.5


async def test_a_reference_without_a_trace_is_right_and_a_part_that_is_none_is_refused() -> None:
    assert (await score(Output(text="ref"))).value == 1.0
    assert (await score(Output(text="other"))).value == 0.0
    with pytest.raises(UsageError, match="no part colour"):
        await score(Output(text="x"), parts=("colour",))
