"""The prompt: a structured, immutable, content-addressed value. `render.py` turns it into messages."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import cached_property
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from .errors import TaskError, UsageError
from .identity import content_id
from .tfidf import SparseVector, TfidfSpace, cosine
from .words import length_in_words

# Fields that came after the first ids: left out of the id at their default, so that older ids stay the same.
_OMITTED_AT_DEFAULT = ("nearest", "shuffles")
_PARTS_OMITTED_AT_DEFAULT = ("literals", "kind", "template")
_PLACEHOLDER = re.compile(r"(?<!\{)\{([A-Za-z_][A-Za-z0-9_]*)\}(?!\})")

TemplateKind = Literal["braces", "jinja"]
Placement = Literal["user", "system", "first"]
DemoStyle = Literal["turns", "text"]
TextKind = Literal["prose", "code", "schema", "playbook"]
TEXT_KINDS: tuple[TextKind, ...] = ("prose", "code", "schema", "playbook")
# Kinds of which every character counts: white space, braces and quotes are never tidied.
EXACT_KINDS: frozenset[TextKind] = frozenset({"code", "schema"})


class _PromptPart(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Demo(_PromptPart):
    """One few-shot example shown to the target. `source` is the id of its train example, if it has one."""

    input: str
    output: str
    rationale: str | None = None
    source: str | None = None


class Section(_PromptPart):
    """A named part of the instruction."""

    name: str
    text: str


class Branch(_PromptPart):
    """If the input matches `when`, do `then`; `branches` refine it."""

    when: str
    then: str
    branches: tuple[Branch, ...] = ()


class Format(_PromptPart):
    """How the parts are laid out. None of it changes what is asked.

    Attributes:
        placement: Where the instruction goes: into each user turn, the system turn, or the first user turn.
        demos: Whether demos are chat turns, or text before the input.
        input_prefix: The text before an input, for example "Review: ".
        output_prefix: The text before an output, for example "Sentiment:".
        separator: The text between the blocks of a message.
        answer_hint: The wording of the answer contract; empty leaves it out.
        casing: How a demo's output is written.
        numbers: Whether long numbers in inputs are written in groups of three digits, counted from the right.
        nearest: If set, only so many demos are shown: those most similar to the input, the most similar last.
        shuffles: If set, an input with lettered options is asked so many times, each time with the options in another
            order, and the majority wins.
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
    """Everything that is sent to the target around one input. Equal parts give the same `id`.

    Attributes:
        system: The system message.
        instruction: The task. `{name}` is filled with a field of the example.
        sections: Named parts after the instruction.
        principles: A list of rules.
        branches: What to do for which inputs.
        demos: Few-shot examples.
        format: The layout.
        literals: Names in braces that are text: no field of an example provides them.
        kind: What the text is: `prose` is a prompt, `code` a file, pattern or configuration, `schema` the description
            of a tool, an argument or a form, `playbook` notes that a prompt or an agent reads. Only prose has fields.
        template: How fields are written: `braces` is `{name}`; `jinja` is a Jinja template, rendered in a sandbox.
        placeholders: The other names in braces in `system` and `instruction`; found automatically.
    """

    system: str = ""
    instruction: str = ""
    sections: tuple[Section, ...] = ()
    principles: tuple[str, ...] = ()
    branches: tuple[Branch, ...] = ()
    demos: tuple[Demo, ...] = ()
    format: Format = Format()
    literals: tuple[str, ...] = ()
    kind: TextKind = "prose"
    template: TemplateKind = "braces"
    placeholders: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _find_placeholders(self) -> Self:
        if not self.placeholders and self.kind == "prose":
            names = _template_names(self.template, self.system, self.instruction)
            object.__setattr__(self, "placeholders", tuple(name for name in names if name not in self.literals))
        return self

    @cached_property
    def id(self) -> str:
        return content_id("p", self.parts())

    def parts(self) -> dict[str, Any]:
        """The prompt as plain JSON, without what follows from the rest. The id is computed from it."""
        parts = self.model_dump(mode="json", exclude={"placeholders"})
        for name in _PARTS_OMITTED_AT_DEFAULT:
            if parts[name] == type(self).model_fields[name].default or not parts[name]:
                del parts[name]
        parts["format"] = {
            name: value for name, value in parts["format"].items() if name not in _OMITTED_AT_DEFAULT or value
        }
        return parts

    def demos_for(self, text: str) -> tuple[Demo, ...]:
        """The demos before an input: all, or the nearest ones; never the input's own example."""
        if not self.format.nearest:
            return self.demos
        space, vectors = self._demo_vectors
        query = space.vector(text)
        others = [index for index, demo in enumerate(self.demos) if not text.startswith(demo.input)]
        ranked = sorted(others, key=lambda index: -cosine(query, vectors[index]))
        return tuple(self.demos[index] for index in reversed(ranked[: self.format.nearest]))

    @cached_property
    def _demo_vectors(self) -> tuple[TfidfSpace, tuple[SparseVector, ...]]:
        space = TfidfSpace([demo.input for demo in self.demos])
        return space, tuple(space.vector(demo.input) for demo in self.demos)

    def with_(self, **changes: Any) -> Prompt:
        """Return the prompt with some parts changed; placeholders are found again.

        Raises:
            pydantic.ValidationError: A part has the wrong type.
        """
        return Prompt.model_validate({**self.model_dump(exclude={"placeholders"}), **changes})

    @property
    def words(self) -> int:
        """The length in words, demos included: a measure of size that needs no tokenizer."""
        texts = [self.system, self.instruction, self.format.answer_hint, *self.principles]
        texts += [section.text for section in self.sections]
        texts += [f"{branch.when} {branch.then}" for branch in _flatten(self.branches)]
        texts += [f"{demo.input} {demo.rationale or ''} {demo.output}" for demo in self.demos]
        return sum(length_in_words(text) for text in texts)

    shown = demos_for  # The former name, for existing plugins.


def _template_names(template: TemplateKind, *texts: str) -> tuple[str, ...]:
    """The fields that texts ask for; none for an invalid template, which the loader and the guards refuse."""
    if template == "braces":
        return placeholders_in("\n".join(texts))
    from .jinja_template import jinja_names

    try:
        return tuple(dict.fromkeys(name for text in texts for name in jinja_names(text)))
    except UsageError:
        return ()


def placeholders_in(text: str) -> tuple[str, ...]:
    """The names in single braces, in order, once each. Doubled braces are literal."""
    return tuple(dict.fromkeys(_PLACEHOLDER.findall(text)))


def with_literals(prompt: Prompt, fields: Collection[str]) -> Prompt:
    """The prompt with every name in braces that is none of these fields as literal text."""
    if prompt.kind != "prose" or prompt.template != "braces":
        return prompt
    names = placeholders_in(f"{prompt.system}\n{prompt.instruction}")
    literals = tuple(name for name in names if name not in fields)
    return prompt if literals == prompt.literals else prompt.with_(literals=literals)


def check_placeholders(prompt: Prompt, fields: frozenset[str], *, where: str) -> None:
    """Raise TaskError for a placeholder that no example can fill."""
    for name in prompt.placeholders:
        if name not in fields:
            raise TaskError(
                f"the prompt asks for {{{name}}}, which no example has",
                where=where,
                possible=sorted(f"{{{field}}}" for field in fields),
                remedy="rename the placeholder, add the field to the examples, or write {{ }} for literal braces",
            )


def _flatten(branches: tuple[Branch, ...]) -> list[Branch]:
    return [nested for branch in branches for nested in (branch, *_flatten(branch.branches))]
