"""The target `environment`: a program acts in an environment, several calls per example, until the goal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...core.dataset import Example
from ...core.errors import UsageError
from ...core.models import Call, ModelRef, Output, Reply, Sampling
from ...core.program import Program
from ...core.protocols import NEEDS_NOTHING, Gateway
from ...core.render import Message, render, with_shared_prompt
from ..system.imports import load_function
from .worlds.episode import Episode
from .worlds.form import FormWorld
from .worlds.grid import GridWorld

WORLDS: Mapping[str, Any] = {"grid": GridWorld, "form": FormWorld}


@dataclass(frozen=True, kw_only=True)
class EnvironmentTarget:
    """One chat per example: the prompt with the first observation, then actions and observations in turn.

    `Output.text` is the transcript. `Output.trajectory` has each step's prompt, input, output, progress and note; the
    last progress is the partial credit. The evaluator `progress` scores it.

    Attributes:
        world: `grid`, `form`, or your own as `module:class` beside the task (see `worlds/episode.py`).
        steps: The maximum number of calls.
    """

    name = "environment"
    needs = NEEDS_NOTHING
    world: str
    steps: int = 8
    temperature: float = 0.0
    max_tokens: int = 64
    sample: int = 0
    folder: str = "."
    _begin: Any = field(init=False, default=None)

    def __post_init__(self) -> None:
        if self.steps < 1:
            raise UsageError(
                f"steps must be at least 1, got {self.steps}", where="[target] steps", possible=("1 or more",)
            )
        if self.world not in WORLDS and ":" not in self.world:
            raise UsageError(
                f"there is no environment {self.world!r}",
                where="[target] world",
                possible=(*WORLDS, "module:class"),
                remedy="use one of them, or write your own",
            )
        world_factory = WORLDS.get(self.world) or load_function(self.world, Path(self.folder))
        object.__setattr__(self, "_begin", world_factory)

    async def run(self, program: Program, example: Example, model: ModelRef, gateway: Gateway) -> Output:
        episode: Episode = self._begin(example)
        (name, *_) = program.prompts_for(example)
        observation = episode.begin()
        messages: list[Message] = list(
            render(with_shared_prompt(program, name), Example(id=example.id, input=observation))
        )
        replies: list[Reply] = []
        turns: list[dict[str, Any]] = []
        for _ in range(self.steps):
            request = Call(model=model, messages=tuple(messages), sampling=self._sampling, sample=self.sample)
            reply = await gateway.complete(request, payer="target")
            move = episode.act(reply.text)
            replies.insert(0, reply)
            turns.append(
                {
                    "prompt": name,
                    "input": observation,
                    "output": reply.text,
                    "progress": move.progress,
                    "note": move.note,
                }
            )
            if move.done:
                break
            observation = move.observation
            messages += [{"role": "assistant", "content": reply.text}, {"role": "user", "content": observation}]
        return Output(text=transcript(turns), messages=tuple(messages), replies=tuple(replies), trajectory=tuple(turns))

    @property
    def _sampling(self) -> Sampling:
        return Sampling(temperature=self.temperature, max_tokens=self.max_tokens)

    def calls(self, program: Program) -> int:
        return self.steps


def transcript(turns: Sequence[Mapping[str, Any]]) -> str:
    """The text of an episode, with numbered turns."""
    return "\n".join(
        f"[{number}] World: {step['input'].strip()}\n[{number}] Model: {step['output'].strip()}"
        for number, step in enumerate(turns, 1)
    )
