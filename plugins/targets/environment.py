"""The target `environment`: a program plays in a world, several calls a row, until the goal or the last step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

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
    """One chat for each row: the prompt with the first observation, then action and observation in turn.

    world: `grid`, `form`, or one's own as `module:class` beside the task (see `worlds/episode.py`). steps: calls at
    most. `Output.text` is the transcript; `trajectory` tells each step's prompt, input, output, progress and note; its
    last progress is the partial credit. The evaluator `progress` scores it.
    """

    name: ClassVar[str] = "environment"
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
            raise UsageError(f"{self.steps} steps play nothing", where="[target] steps", possible=("1 or more",))
        if self.world not in WORLDS and ":" not in self.world:
            raise UsageError(
                f"there is no world {self.world!r}",
                where="[target] world",
                possible=(*WORLDS, "module:class"),
                remedy="name one of them, or write your own",
            )
        made = WORLDS.get(self.world) or load_function(self.world, Path(self.folder))
        object.__setattr__(self, "_begin", made)

    async def run(self, program: Program, example: Example, model: ModelRef, gateway: Gateway) -> Output:
        episode: Episode = self._begin(example)
        (name, *_) = program.prompts_for(example)
        seen = episode.begin()
        messages: list[Message] = list(render(with_shared_prompt(program, name), Example(id=example.id, input=seen)))
        replies: list[Reply] = []
        told: list[dict[str, Any]] = []
        for _ in range(self.steps):
            asked = Call(model=model, messages=tuple(messages), sampling=self._sampling, sample=self.sample)
            reply = await gateway.complete(asked, payer="target")
            move = episode.act(reply.text)
            replies.insert(0, reply)
            told.append(
                {"prompt": name, "input": seen, "output": reply.text, "progress": move.progress, "note": move.note}
            )
            if move.done:
                break
            seen = move.observation
            messages += [{"role": "assistant", "content": reply.text}, {"role": "user", "content": seen}]
        return Output(text=transcript(told), messages=tuple(messages), replies=tuple(replies), trajectory=tuple(told))

    @property
    def _sampling(self) -> Sampling:
        return Sampling(temperature=self.temperature, max_tokens=self.max_tokens)

    def calls(self, program: Program) -> int:
        return self.steps


def transcript(told: Sequence[Mapping[str, Any]]) -> str:
    """An episode to read, its turns numbered."""
    return "\n".join(
        f"[{number}] World: {step['input'].strip()}\n[{number}] Model: {step['output'].strip()}"
        for number, step in enumerate(told, 1)
    )
