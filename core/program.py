"""A program: the named prompts that make one application run, and who chooses among them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from pydantic import BaseModel, ConfigDict

from .dataset import Example
from .identity import content_id
from .prompt import Prompt
from .routing import Router

MAIN = "prompt"


class Program(BaseModel):
    """`{"prompt": Prompt}` for the plain case, several prompts for a pipeline or an agent app."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    prompts: Mapping[str, Prompt]
    router: Router | None = None

    @classmethod
    def of(cls, prompt: Prompt | str) -> Program:
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
        """The names of the prompts that can be worked on apart, sorted: none for a single prompt, and none where a
        router or a vote makes one answer of several prompts for the same task; all where each row names its own."""
        whole = (self.router is not None and not self.by_task) or len(self.prompts) < 2
        return () if whole else tuple(sorted(self.prompts))

    def prompts_for(self, row: Example | str) -> tuple[str, ...]:
        """The names of the prompts that answer an input, in the order of their names: all where they vote, else one.

        Without a router that is the main prompt, and of a chain too, where the others prepare its answer. Names are
        sorted since a value's id does not know another order.
        Raises TaskError where rows name their prompt and this one does not.
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
        """The names of the prompts that are asked one after another; empty where it is no chain."""
        return tuple(sorted(self.prompts)) if self.router is not None and self.router.kind == "chain" else ()

    @property
    def shared(self) -> str:
        """The name of the prompt that is said to whichever is chosen; empty where there is none."""
        return self.router.shared if self.router is not None and self.router.shared in self.prompts else ""

    @property
    def by_task(self) -> bool:
        """Whether each row names its own prompt, so that one program serves several tasks."""
        return self.router is not None and self.router.kind == "field"

    def parts(self) -> dict[str, Any]:
        return {
            "prompts": {name: prompt.parts() for name, prompt in self.prompts.items()},
            "router": self.router.parts() if self.router else None,
        }

    def replace(self, prompt: Prompt, name: str | None = None) -> Program:
        """The program with one prompt exchanged; the main one unless named."""
        return Program(prompts={**self.prompts, name or self.main_name: prompt}, router=self.router)
