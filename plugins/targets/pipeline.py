"""A pipeline: named prompts run one after another, each on the row and on what came before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ...core.dataset import Example
from ...core.errors import TaskError, UsageError
from ...core.models import Call, ModelRef, Output, Reply, Sampling
from ...core.program import Program
from ...core.prompt import Prompt, placeholders_in
from ...core.protocols import Gateway, Need
from ...core.render import Message, fill_template, render, template_values

_INNER_STEP_TOKENS = 128


class PipelineStep(BaseModel):
    """prompt: which of the program's. input: what it is given, with `{field}` of the row and `{name}` of earlier
    steps; empty is the row itself and, behind it, every earlier output under its name. max_tokens: of its answer; the
    last step's is the task's unless it says otherwise."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    prompt: str
    input: str = ""
    max_tokens: int | None = Field(default=None, gt=0)


@dataclass(frozen=True, kw_only=True)
class PipelineTarget:
    """One call for each step; the last one's output is the answer.

    `Output.trajectory` holds each step's prompt, input and output in order; the last step's reply stands first. steps:
    names of prompts, or tables as `PipelineStep`. The other options are those of `chat`; likelihoods are asked of the
    last step alone.
    """

    name: ClassVar[str] = "pipeline"
    steps: Sequence[str | Mapping[str, Any]]
    temperature: float = 0.0
    max_tokens: int = 256
    top_logprobs: int = 0
    sample: int = 0
    needs: frozenset[Need] = field(init=False, default=frozenset())
    _steps: tuple[PipelineStep, ...] = field(init=False, default=())

    def __post_init__(self) -> None:
        object.__setattr__(self, "_steps", _parse_steps(self.steps))
        object.__setattr__(self, "needs", frozenset({"logprobs"} if self.top_logprobs else ()))
        try:
            self._sampling(self._steps[-1])
        except ValueError as error:
            raise UsageError(f"the pipeline cannot sample so: {error}", where="target pipeline") from error

    async def run(self, program: Program, example: Example, model: ModelRef, gateway: Gateway) -> Output:
        """Raises TaskError, before anything is asked, for a step that names what nobody brings."""
        self._check_placeholders(program, example)
        said: dict[str, str] = {}
        replies: list[Reply] = []
        told: list[dict[str, str]] = []
        messages: tuple[Message, ...] = ()
        for step in self._steps:
            given = _step_input(step, example, said)
            messages = tuple(
                render(program.prompts[step.prompt], _step_example(program.prompts[step.prompt], given, example, said))
            )
            reply = await gateway.complete(
                Call(model=model, messages=messages, sampling=self._sampling(step), sample=self.sample), payer="target"
            )
            replies.insert(0, reply)
            told.append({"prompt": step.prompt, "input": given, "output": reply.text})
            said[step.prompt] = reply.text.strip()
        return Output(text=replies[0].text, messages=messages, replies=tuple(replies), trajectory=tuple(told))

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
        known = set(template_values(example))
        for number, step in enumerate(self._steps, 1):
            where = f"[target] steps {number}"
            if step.prompt not in program.prompts:
                raise TaskError(f"no prompt is called {step.prompt!r}", where=where, possible=list(program.prompts))
            for name in (*placeholders_in(step.input), *program.prompts[step.prompt].placeholders):
                if name not in known:
                    raise TaskError(
                        f"the step {step.prompt!r} asks for {{{name}}}, which no row or earlier step brings",
                        where=where,
                        possible=sorted(f"{{{one}}}" for one in known),
                    )
            known.add(step.prompt)


def _parse_steps(steps: Sequence[str | Mapping[str, Any]]) -> tuple[PipelineStep, ...]:
    try:
        made = tuple(PipelineStep.model_validate({"prompt": one} if isinstance(one, str) else one) for one in steps)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise UsageError(
            f"a step cannot be read: {place}: {first['msg']}",
            where="[target] steps",
            possible=sorted(PipelineStep.model_fields),
        ) from error
    names = [step.prompt for step in made]
    if not made or len(set(names)) < len(names):
        raise UsageError("a pipeline needs steps, each with a prompt of its own", where="[target] steps")
    return made


def _step_input(step: PipelineStep, example: Example, said: Mapping[str, str]) -> str:
    if step.input:
        return fill_template(step.input, {**template_values(example), **said})
    return "\n".join([example.text, *(f"{name}: {text}" for name, text in said.items())])


def _step_example(prompt: Prompt, given: str, example: Example, said: Mapping[str, str]) -> Example:
    """The row as the step's prompt is rendered with it: a text, or the fields that its placeholders may ask for."""
    if not prompt.placeholders:
        return Example(id=example.id, input=given)
    return Example(id=example.id, input={**template_values(example), **said, "input": given})
