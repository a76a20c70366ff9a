"""Instruction files: what an agent is told, as text beside the code.

A file is named `<role>.<skill>.v<version>.md` and has TOML between two `+++` lines, then the text. `{field}` is filled
from the ask. A paragraph whose fields are all empty is left out, so that one file serves with and without evidence.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache, cached_property
from importlib import resources
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..core.asks import Ask
from ..core.errors import RunFailed
from ..core.prompt import placeholders_in
from ..core.render import fill_template
from .parse.blocks import find_tagged

REPAIR_KEY = "any.repair"
_FILE = re.compile(r"^(?P<role>[a-z]+)\.(?P<skill>[a-z-]+)\.v(?P<version>\d+)\.md$")
_FRONT = re.compile(r"\A\+\+\+\n(.*?)\n\+\+\+\n(.*)\Z", re.DOTALL)


class Instruction(BaseModel):
    """One instruction file.

    tags: the blocks wanted in the answer. form: the answer's form, repeated where an answer could not be read.
    max_tokens: of the answer, for prompts of usual length.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    role: str
    skill: str
    version: int = Field(gt=0)
    tags: tuple[str, ...]
    form: str
    max_tokens: int = Field(default=256, gt=0)
    temperature: float = Field(default=0.7, ge=0, le=2)
    body: str

    @property
    def name(self) -> str:
        return f"{self.role}.{self.skill}.v{self.version}"

    @property
    def fields(self) -> tuple[str, ...]:
        """The placeholders of the text, in order."""
        return placeholders_in(self.body)

    @cached_property
    def samples(self) -> tuple[str, ...]:
        """What stands in such blocks, and the lines of the text; an answer that only repeats one is no answer."""
        said = [block for tag in self.tags for text in (self.body, self.form) for block in find_tagged(text, tag)]
        said += [line.strip() for line in self.body.splitlines() if line.strip()]
        return tuple(dict.fromkeys(text for text in said if not placeholders_in(text)))

    def fill(self, values: Mapping[str, str]) -> str:
        """The text with its fields filled; paragraphs that have fields, but none with a value, are left out."""
        kept = []
        for paragraph in re.split(r"\n{2,}", self.body.strip()):
            fields = placeholders_in(paragraph)
            if not fields or any(values.get(field, "").strip() for field in fields):
                kept.append(fill_template(paragraph, values))
        return "\n\n".join(kept)


def parse_instruction(text: str, *, where: str) -> Instruction:
    """An instruction from the text of its file. Raises RunFailed for one that breaks the form."""
    parts = _FRONT.match(text.replace("\r\n", "\n"))
    if parts is None:
        raise RunFailed("an instruction file begins with TOML between two +++ lines", where=where)
    try:
        return Instruction.model_validate({**tomllib.loads(parts[1]), "body": parts[2].strip()})
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise RunFailed(f"an instruction file cannot be read: {error}", where=where) from error


@cache
def shipped_instructions() -> Mapping[str, Instruction]:
    """`role.skill` → the newest shipped version."""
    newest: dict[str, Instruction] = {}
    for file in resources.files(f"{__package__}.prompts").iterdir():
        named = _FILE.match(file.name)
        if named is None:
            continue
        one = parse_instruction(file.read_text(encoding="utf-8"), where=file.name)
        if (one.role, one.skill, str(one.version)) != named.groups():
            raise RunFailed(f"the file calls itself {one.name}", where=file.name, remedy="name both alike")
        key = f"{one.role}.{one.skill}"
        if key not in newest or newest[key].version < one.version:
            newest[key] = one
    return dict(sorted(newest.items()))


@cache
def instruction_of_ask(ask: type[Ask[Any]]) -> Instruction | None:
    """What an ask of a plugin's own brings with it. Raises RunFailed for a text that breaks the form."""
    return (
        parse_instruction(ask.instruction, where=f"{ask.__module__}.{ask.__qualname__}.instruction")
        if ask.instruction
        else None
    )


def instruction_for(role: str, skill: str) -> Instruction:
    """The instruction of a skill. Raises RunFailed, naming those there are, for one that was never written."""
    key = f"{role}.{skill}"
    try:
        return shipped_instructions()[key]
    except KeyError:
        raise RunFailed(f"no instruction is written for {key}", possible=tuple(shipped_instructions())) from None
