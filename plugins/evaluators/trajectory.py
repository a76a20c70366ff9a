"""Scores what an agent did on the way: the right tools, in order, with the right arguments, without loops."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...core.dataset import Example
from ...core.errors import UsageError
from ...core.models import Output
from ...core.protocols import NEEDS_NOTHING
from ...core.score import Score
from ...core.trace import TraceStep, tool_steps

_PARTS = ("tools", "order", "arguments", "loops", "steps", "errors")
_REPEATS_OF_A_LOOP = 2  # the same tool with the same arguments gives the same result


@dataclass(frozen=True, kw_only=True)
class _ExpectedCall:
    """A call that an example expects. arguments: those that count; further ones do not matter."""

    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)

    def matches(self, step: TraceStep) -> bool:
        arguments = step.arguments
        return (
            step.name == self.name
            and isinstance(arguments, Mapping)
            and all(_same(arguments.get(name), value) for name, value in self.arguments.items())
        )


class TrajectoryEvaluator:
    """The mean of the parts below, each in [0, 1]; the feedback says what was missing, in words.

    `tools`: how many expected tools were called, less those that nobody expected (F1). `order`: how many of them in the
    expected order. `arguments`: how many with the expected arguments. `loops`: 1 where no call is repeated. `steps`: 1
    within `max_steps`, else less. `errors`: the share of tool calls that did not fail. What an example does not
    expect is left out. An output without a trace counts 1 if it is a reference, else 0.

    Args:
        field: The field of an example with the expected calls: names, or `{"name": …, "arguments": {…}}`.
        expected: The expected calls of every example, in place of the field.
        parts: The parts that count.
        max_steps: The most model and tool calls; 0 is no limit.
    """

    name = "trajectory"
    needs = NEEDS_NOTHING

    def __init__(
        self,
        field: str = "tools",
        expected: Sequence[Any] | None = None,
        parts: Sequence[str] = _PARTS,
        max_steps: int = 0,
    ) -> None:
        if unknown := sorted(set(parts) - set(_PARTS)):
            raise UsageError(f"a trajectory has no part {', '.join(unknown)}", where="trajectory", possible=_PARTS)
        self._field, self._parts, self._max_steps = field, tuple(parts), max_steps
        self._expected = None if expected is None else tuple(_expected_call(call) for call in expected)

    async def evaluate(self, example: Example, output: Output, answer: str | None) -> Score:
        if not output.trace:
            return Score(value=float(output.text in example.outputs), feedback="the target tells nothing of its steps")
        calls = tool_steps(output.trace)
        parts = self._quality(calls) | self._economy(output.trace)
        notes = [f"{step.name} failed: {step.error}" for step in calls if step.error]
        expected = self._expected if self._expected is not None else self._expected_of(example)
        if expected is not None:
            expected_parts, expected_notes = _compare(expected, calls)
            parts |= expected_parts
            notes = [*expected_notes, *notes]
        if parts.get("loops") == 0:
            notes.append("the same call was repeated")
        values = {name: value for name, value in parts.items() if name in self._parts}
        value = sum(values.values()) / len(values) if values else 1.0
        sequence = " → ".join(step.name for step in calls) or "no tool"
        return Score(value=value, values=values, feedback="; ".join([f"called {sequence}", *notes]))

    def _quality(self, calls: Sequence[TraceStep]) -> dict[str, float]:
        repeats = Counter((step.name, step.input) for step in calls)
        loops = {"loops": float(max(repeats.values(), default=0) < _REPEATS_OF_A_LOOP)}
        return loops | ({"errors": sum(not step.error for step in calls) / len(calls)} if calls else {})

    def _economy(self, trace: Sequence[TraceStep]) -> dict[str, float]:
        steps = sum(step.kind in ("model", "tool") for step in trace)
        return {"steps": min(1.0, self._max_steps / max(1, steps))} if self._max_steps else {}

    def _expected_of(self, example: Example) -> tuple[_ExpectedCall, ...] | None:
        fields = {**example.metadata, **(example.input if isinstance(example.input, Mapping) else {})}
        value = fields.get(self._field)
        if value is None:
            return None
        if isinstance(value, str):
            try:
                value = json.loads(value)
            except ValueError:
                value = [name.strip() for name in value.split(",") if name.strip()]
        return tuple(_expected_call(call) for call in (value if isinstance(value, list | tuple) else [value]))


def _compare(expected: Sequence[_ExpectedCall], calls: Sequence[TraceStep]) -> tuple[dict[str, float], list[str]]:
    """The parts `tools`, `order` and `arguments`, and what is missing in words."""
    names, called = [call.name for call in expected], [step.name for step in calls]
    missing, surplus = Counter(names) - Counter(called), Counter(called) - Counter(names)
    shared = len(names) - missing.total()
    f1 = 2 * shared / (len(names) + len(called)) if names or called else 1.0
    parts = {"tools": f1, "order": _common_length(names, called) / len(names) if names else 1.0}
    notes = [f"{name} was not called" for name in missing] + [f"{name} was not needed" for name in surplus]
    with_arguments = [call for call in expected if call.arguments]
    wrong = [call for call in with_arguments if not any(call.matches(step) for step in calls)]
    if with_arguments:
        parts["arguments"] = 1 - len(wrong) / len(with_arguments)
    notes += [f"{call.name} was expected with {json.dumps(call.arguments, ensure_ascii=False)}" for call in wrong]
    if not missing and parts["order"] < 1:
        notes.append(f"the expected order is {' → '.join(names)}")
    return parts, notes


def _common_length(first: Sequence[str], second: Sequence[str]) -> int:
    """The length of the longest common subsequence."""
    lengths = [0] * (len(second) + 1)
    for name in first:
        before = 0
        for index, other in enumerate(second, 1):
            before, lengths[index] = (
                lengths[index],
                before + 1 if name == other else max(lengths[index], lengths[index - 1]),
            )
    return lengths[-1]


def _expected_call(call: Any) -> _ExpectedCall:
    if isinstance(call, Mapping):
        arguments = call.get("arguments") or call.get("args") or {}
        return _ExpectedCall(name=str(call.get("name") or call.get("tool") or ""), arguments=dict(arguments))
    return _ExpectedCall(name=str(call))


def _same(value: Any, expected: Any) -> bool:
    """Equal, texts without case and outer spaces: models write names in their own way."""
    if isinstance(value, str) and isinstance(expected, str):
        return value.strip().casefold() == expected.strip().casefold()
    return bool(value == expected)
