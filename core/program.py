"""A program: the named prompts that make one application run, and who chooses among them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from pydantic import BaseModel, ConfigDict

from .identity import content_id
from .prompt import Prompt
from .routing import Router

__all__ = ["MAIN", "Program", "Router"]

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
    def main(self) -> Prompt:
        """The prompt of a plain program; of several, the first."""
        return self.prompts.get(MAIN) or next(iter(self.prompts.values()))

    def chosen(self, text: str) -> tuple[str, ...]:
        """The names of the prompts that answer an input, in the order of their names: all where they vote, else one.

        Without a router that is the main prompt. Names are sorted since a value's id does not know another order.
        """
        names = sorted(self.prompts)
        if self.router is None:
            return (MAIN if MAIN in self.prompts else next(iter(self.prompts)),)
        return tuple(names) if self.router.kind == "vote" else (self.router.route(text, names),)

    def parts(self) -> dict[str, Any]:
        return {
            "prompts": {name: prompt.parts() for name, prompt in self.prompts.items()},
            "router": self.router.model_dump(mode="json") if self.router else None,
        }

    def replace(self, prompt: Prompt, name: str | None = None) -> Program:
        """The program with one prompt exchanged; the main one unless named."""
        slot = name or (MAIN if MAIN in self.prompts else next(iter(self.prompts)))
        return Program(prompts={**self.prompts, slot: prompt}, router=self.router)
