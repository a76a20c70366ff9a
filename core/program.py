"""A program: the named prompts that make one application run, and the router that chooses among them."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from pydantic import BaseModel, ConfigDict

from .dataset import Example
from .frozen import FrozenMapping
from .identity import content_id
from .prompt import Prompt
from .routing import Router

MAIN = "prompt"


class Program(BaseModel):
    """One prompt in the plain case, several for a pipeline or an agent application.

    Attributes:
        prompts: Name → prompt; `{"prompt": Prompt}` in the plain case.
        router: Which prompt answers which input; None is the main prompt.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    prompts: FrozenMapping[str, Prompt]
    router: Router | None = None

    @classmethod
    def of(cls, prompt: Prompt | str) -> Program:
        """A program with one prompt."""
        return cls(prompts={MAIN: Prompt(instruction=prompt) if isinstance(prompt, str) else prompt})

    @cached_property
    def id(self) -> str:
        return content_id("g", self.parts())

    @property
    def main_name(self) -> str:
        """`prompt` in a plain program; of several, the name of the first."""
        return MAIN if MAIN in self.prompts else next(iter(self.prompts))

    @property
    def main(self) -> Prompt:
        return self.prompts[self.main_name]

    @property
    def slots(self) -> tuple[str, ...]:
        """The names of the prompts that can be optimized separately, sorted.

        Empty for a single prompt, and if a router or a vote makes one answer of several prompts for the same task. All
        of them if each example names its own prompt.
        """
        whole = (self.router is not None and not self.by_task) or len(self.prompts) < 2
        return () if whole else tuple(sorted(self.prompts))

    def prompts_for(self, row: Example | str) -> tuple[str, ...]:
        """The names of the prompts that answer an input, sorted: all if they vote, else one.

        Without a router, and for a chain, whose other prompts only prepare the answer, that is the main prompt. The
        order is by name, since a program's id does not depend on any other.

        Raises:
            TaskError: Examples name their prompt, and this one names none that exists.
        """
        if self.router is None or self.router.kind == "chain":
            return (self.main_name,)
        names = sorted(self.prompts.keys() - {self.router.shared})
        if self.router.kind == "vote":
            return tuple(names)
        if self.router.kind == "field":
            return (self.router.prompt_of_row(row if isinstance(row, Example) else Example(input=row), names),)
        return (self.router.route(row if isinstance(row, str) else row.text, names),)

    @property
    def chain(self) -> tuple[str, ...]:
        """The names of the prompts that are asked one after another; empty if it is no chain."""
        return tuple(sorted(self.prompts)) if self.router is not None and self.router.kind == "chain" else ()

    @property
    def shared(self) -> str:
        """The name of the prompt that precedes whichever is chosen; empty if there is none."""
        return self.router.shared if self.router is not None and self.router.shared in self.prompts else ""

    @property
    def by_task(self) -> bool:
        """Whether each example names its own prompt, so that one program serves several tasks."""
        return self.router is not None and self.router.kind == "field"

    def parts(self) -> dict[str, Any]:
        """The program as plain JSON. The id is computed from it."""
        return {
            "prompts": {name: prompt.parts() for name, prompt in self.prompts.items()},
            "router": self.router.parts() if self.router else None,
        }

    def replace(self, prompt: Prompt, name: str | None = None) -> Program:
        """Return the program with one prompt replaced; the main one unless named."""
        return Program(prompts={**self.prompts, name or self.main_name: prompt}, router=self.router)

    chosen = prompts_for  # The former name, for existing plugins.
