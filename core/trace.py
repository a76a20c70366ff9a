"""What a target did on one example, step by step: model calls, tool calls with their results, errors, the answer."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict

StepKind = Literal["model", "tool", "error", "answer"]


class TraceStep(BaseModel):
    """One step.

    Attributes:
        kind: `model` is a call of a model, `tool` a call of a tool, `error` what the application raised, `answer` what
            it returned.
        name: The prompt that was sent, or the tool that was called; empty where nobody knows.
        input: Of a model call, what was new to the model; of a tool call, the arguments as JSON.
        output: The text of the model or the result of the tool.
        requests: Of a model call, the tools that it asked for, as `search({"query": "hotels"})`.
        error: What went wrong in the step; empty where nothing did.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: StepKind
    name: str = ""
    input: str = ""
    output: str = ""
    requests: tuple[str, ...] = ()
    error: str = ""

    @property
    def arguments(self) -> object:
        """The arguments of a tool call as data; the text itself where it is no JSON."""
        try:
            return json.loads(self.input)
        except ValueError:
            return self.input


def tool_steps(steps: Iterable[TraceStep]) -> list[TraceStep]:
    """The calls of tools, in order."""
    return [step for step in steps if step.kind == "tool"]


def trace_text(steps: Sequence[TraceStep], slot: str = "") -> str:
    """The steps as numbered lines, in full; empty where one model call made the answer, which says nothing more.

    slot: the prompt that is worked on; its model calls are marked.
    """
    says_more = any(step.kind in ("tool", "error") or step.requests for step in steps)
    if not says_more and sum(step.kind == "model" for step in steps) < 2:
        return ""
    return "\n".join(f"{number}. {_step_text(step, slot)}" for number, step in enumerate(steps, 1))


def _step_text(step: TraceStep, slot: str) -> str:
    if step.kind == "answer":
        return f"answer: {step.output}"
    if step.kind == "error":
        return f"the application failed: {step.error}"
    if step.kind == "tool":
        return f"tool {step.name}({step.input}) {f'failed: {step.error}' if step.error else f'→ {step.output}'}"
    name = f"prompt {step.name!r}" if step.name else "model"
    head = f"{name} (the one to improve)" if slot and step.name == slot else name
    texts = [step.output] if step.output else []
    text = " ".join([*texts, *(f"calls {request}" for request in step.requests)])
    question = f" reads: {step.input}" if step.input else ""
    return f"{head}{question}\n   writes: {text or '(nothing)'}{f' [{step.error}]' if step.error else ''}"
