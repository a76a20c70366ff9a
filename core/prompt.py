"""The prompt: a structured, immutable, content-addressed value. `render.py` turns it into messages."""

from __future__ import annotations

import re
from functools import cached_property
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from .errors import TaskError
from .identity import content_id
from .tfidf import SparseVector, TfidfSpace, cosine

_OMITTED_AT_DEFAULT = ("nearest", "shuffles")
_PLACEHOLDER = re.compile(r"(?<!\{)\{([A-Za-z_][A-Za-z0-9_]*)\}(?!\})")

Placement = Literal["user", "system", "first"]
DemoStyle = Literal["turns", "text"]


class _PromptPart(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Demo(_PromptPart):
    """One worked example shown to the target. `source` is the id of the train row it came from, if any."""

    input: str
    output: str
    rationale: str | None = None
    source: str | None = None


class Section(_PromptPart):
    name: str
    text: str


class Branch(_PromptPart):
    """`when` the input looks so, `then` do this; `branches` refine it."""

    when: str
    then: str
    branches: tuple[Branch, ...] = ()


class Format(_PromptPart):
    """How the parts are laid out. None of it changes what is asked.

    placement: where the instruction stands: in each user turn, in the system turn, or in the first user turn.
    demos: worked examples as chat turns, or as text in front of the input.
    input_prefix, output_prefix: words around an input, for example "Review: " and "Sentiment:".
    separator: what stands between the blocks of a message.
    answer_hint: how the wanted form of the answer is worded; empty means it is not said.
    casing: how a demo's output is written.
    numbers: whether long numbers of the inputs are written in groups of three digits, counted from the right.
    nearest: where set, only so many demos are shown, those most like the input, the most like last.
    shuffles: where set, an input that lists lettered options is asked so many times, the options in another order each
    time, and the majority counts.
    """

    placement: Placement = "user"
    demos: DemoStyle = "turns"
    input_prefix: str = ""
    output_prefix: str = ""
    separator: str = "\n\n"
    answer_hint: str = ""
    casing: Literal["as-is", "lower", "upper", "title"] = "as-is"
    numbers: Literal["as-is", "grouped"] = "as-is"
    nearest: int = Field(default=0, ge=0)
    shuffles: int = Field(default=0, ge=0)


class Prompt(_PromptPart):
    """Everything that is said to the target around one input.

    Two prompts with the same parts are the same prompt: `id` is the hash of the parts.
    """

    system: str = ""
    instruction: str = ""
    sections: tuple[Section, ...] = ()
    principles: tuple[str, ...] = ()
    branches: tuple[Branch, ...] = ()
    demos: tuple[Demo, ...] = ()
    format: Format = Format()
    placeholders: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _find_placeholders(self) -> Self:
        if not self.placeholders:
            object.__setattr__(self, "placeholders", placeholders_in(f"{self.system}\n{self.instruction}"))
        return self

    @cached_property
    def id(self) -> str:
        return content_id("p", self.parts())

    def parts(self) -> dict[str, Any]:
        """The prompt as plain JSON, without what follows from the rest.

        What of the format stands at its default and came later than the first ids is left out, so that they stay.
        """
        told = self.model_dump(mode="json", exclude={"placeholders"})
        told["format"] = {
            name: value for name, value in told["format"].items() if name not in _OMITTED_AT_DEFAULT or value
        }
        return told

    def demos_for(self, text: str) -> tuple[Demo, ...]:
        """The demos that stand in front of an input: all, or the nearest ones; never the input's own row."""
        if not self.format.nearest:
            return self.demos
        space, places = self._demo_vectors
        wanted = space.vector(text)
        others = [place for place, demo in enumerate(self.demos) if not text.startswith(demo.input)]
        ranked = sorted(others, key=lambda place: -cosine(wanted, places[place]))
        return tuple(self.demos[place] for place in reversed(ranked[: self.format.nearest]))

    @cached_property
    def _demo_vectors(self) -> tuple[TfidfSpace, tuple[SparseVector, ...]]:
        space = TfidfSpace([demo.input for demo in self.demos])
        return space, tuple(space.vector(demo.input) for demo in self.demos)

    def with_(self, **changes: Any) -> Prompt:
        """The prompt with some parts changed; placeholders are found again.

        Raises pydantic.ValidationError where a part has the wrong type.
        """
        return Prompt.model_validate({**self.model_dump(exclude={"placeholders"}), **changes})

    @property
    def words(self) -> int:
        """The length in words of all that is said, demos included: a model-free measure of size."""
        said = [self.system, self.instruction, self.format.answer_hint, *self.principles]
        said += [section.text for section in self.sections]
        said += [f"{branch.when} {branch.then}" for branch in _flatten(self.branches)]
        said += [f"{demo.input} {demo.rationale or ''} {demo.output}" for demo in self.demos]
        return sum(len(text.split()) for text in said)


def placeholders_in(text: str) -> tuple[str, ...]:
    """The names in single braces, in order, once each. Doubled braces are literal."""
    return tuple(dict.fromkeys(_PLACEHOLDER.findall(text)))


def check_placeholders(prompt: Prompt, known: frozenset[str], *, where: str) -> None:
    """Raise TaskError for a placeholder that no row can fill."""
    for name in prompt.placeholders:
        if name not in known:
            raise TaskError(
                f"the prompt asks for {{{name}}}, which no row brings",
                where=where,
                possible=sorted(f"{{{one}}}" for one in known),
                remedy="rename the placeholder, add the field to the rows, or write {{ }} for literal braces",
            )


def _flatten(branches: tuple[Branch, ...]) -> list[Branch]:
    return [one for branch in branches for one in (branch, *_flatten(branch.branches))]
