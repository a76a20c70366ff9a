"""The target `pipeline`: named prompts, one after another, each with the example and the earlier outputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ...core.dataset import Example
from ...core.errors import TaskError, UsageError
from ...core.models import Call, ModelRef, Output, Reply, Sampling
from ...core.program import Program
from ...core.prompt import Prompt, placeholders_in
from ...core.protocols import NEEDS_NOTHING, Gateway
from ...core.render import Message, fill_template, render, template_values

_INNER_STEP_TOKENS = 128


class PipelineStep(BaseModel):
    """One step of a pipeline.

    Attributes:
        prompt: The name of its prompt.
        input: Its input, with `{field}` of the example and `{name}` of earlier steps. Empty is the example followed by
            every earlier output with its name.
        max_tokens: The token limit of its answer; the last step's is the task's by default.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    prompt: str
    input: str = ""
    max_tokens: int | None = Field(default=None, gt=0)


@dataclass(frozen=True, kw_only=True)
class PipelineTarget:
    """One call per step; the last step's output is the answer.

    `Output.trajectory` has each step's prompt, input and output in order; the last step's reply comes first. The other
    options are those of `chat`; log-probabilities are requested for the last step only.

    Attributes:
        steps: Names of prompts, or tables as `PipelineStep`.
    """

    name = "pipeline"
    needs = NEEDS_NOTHING
    steps: Sequence[str | Mapping[str, Any]]
    temperature: float = 0.0
    max_tokens: int = 256
    top_logprobs: int = 0
    sample: int = 0
    _steps: tuple[PipelineStep, ...] = field(init=False, default=())

    def __post_init__(self) -> None:
        object.__setattr__(self, "_steps", _parse_steps(self.steps))
        object.__setattr__(self, "needs", frozenset({"logprobs"} if self.top_logprobs else ()))
        try:
            self._sampling(self._steps[-1])
        except ValueError as error:
            raise UsageError(f"invalid sampling options: {error}", where="target pipeline") from error

    async def run(self, program: Program, example: Example, model: ModelRef, gateway: Gateway) -> Output:
        """Raises TaskError, before any call, for a step with an unknown prompt or placeholder."""
        self._check_placeholders(program, example)
        outputs: dict[str, str] = {}
        replies: list[Reply] = []
        trajectory: list[dict[str, str]] = []
        messages: tuple[Message, ...] = ()
        for step in self._steps:
            step_input = _step_input(step, example, outputs)
            messages = tuple(
                render(
                    program.prompts[step.prompt],
                    _step_example(program.prompts[step.prompt], step_input, example, outputs),
                )
            )
            reply = await gateway.complete(
                Call(model=model, messages=messages, sampling=self._sampling(step), sample=self.sample), payer="target"
            )
            replies.insert(0, reply)
            trajectory.append({"prompt": step.prompt, "input": step_input, "output": reply.text})
            outputs[step.prompt] = reply.text.strip()
        return Output(text=replies[0].text, messages=messages, replies=tuple(replies), trajectory=tuple(trajectory))

    def calls(self, program: Program) -> int:
        return len(self._steps)

    def _sampling(self, step: PipelineStep) -> Sampling:
        last = step is self._steps[-1]
        return Sampling(
            temperature=self.temperature,
            max_tokens=step.max_tokens or (self.max_tokens if last else _INNER_STEP_TOKENS),
            top_logprobs=self.top_logprobs if last else 0,
        )

    def _check_placeholders(self, program: Program, example: Example) -> None:
        available = set(template_values(example))
        for number, step in enumerate(self._steps, 1):
            where = f"[target] steps {number}"
            if step.prompt not in program.prompts:
                raise TaskError(f"there is no prompt {step.prompt!r}", where=where, possible=list(program.prompts))
            for name in (*placeholders_in(step.input), *program.prompts[step.prompt].placeholders):
                if name not in available:
                    raise TaskError(
                        f"the step {step.prompt!r} asks for {{{name}}}, which no example field or earlier step has",
                        where=where,
                        possible=sorted(f"{{{field_name}}}" for field_name in available),
                    )
            available.add(step.prompt)


def _parse_steps(steps: Sequence[str | Mapping[str, Any]]) -> tuple[PipelineStep, ...]:
    try:
        parsed = tuple(
            PipelineStep.model_validate({"prompt": item} if isinstance(item, str) else item) for item in steps
        )
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        location = ".".join(str(part) for part in first["loc"])
        raise UsageError(
            f"a step cannot be read: {location}: {first['msg']}",
            where="[target] steps",
            possible=sorted(PipelineStep.model_fields),
        ) from error
    names = [step.prompt for step in parsed]
    if not parsed or len(set(names)) < len(names):
        raise UsageError("a pipeline needs steps, each with a different prompt", where="[target] steps")
    return parsed


def _step_input(step: PipelineStep, example: Example, outputs: Mapping[str, str]) -> str:
    if step.input:
        return fill_template(step.input, {**template_values(example), **outputs})
    return "\n".join([example.text, *(f"{name}: {text}" for name, text in outputs.items())])


def _step_example(prompt: Prompt, step_input: str, example: Example, outputs: Mapping[str, str]) -> Example:
    """The example that the step's prompt is rendered with: a text, or the fields for its placeholders."""
    if not prompt.placeholders:
        return Example(id=example.id, input=step_input)
    return Example(id=example.id, input={**template_values(example), **outputs, "input": step_input})
