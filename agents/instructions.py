"""Instruction files: the questions to agents as text beside the code.

A file is named `<role>.<skill>.v<version>.md` and has TOML between two `+++` lines, then the text. `{field}` is filled
from the ask. A paragraph whose fields are all empty is left out, so that one file serves with and without evidence.

There are two registers. The plain texts ask small models for one short thing. The full ones, in `prompts/full`, give
capable models the whole situation and ask for a complete piece of work; skills without one have the plain text.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache, cached_property
from importlib import resources
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..core.asks import Ask
from ..core.errors import RunFailed
from ..core.prompt import placeholders_in
from ..core.render import fill_template
from .parse.blocks import find_tagged

REPAIR_KEY = "any.repair"
CUT_KEY = "any.cut"
_FILE = re.compile(r"^(?P<role>[a-z]+)\.(?P<skill>[a-z-]+)\.v(?P<version>\d+)\.md$")
_FRONT = re.compile(r"\A\+\+\+\n(.*?)\n\+\+\+\n(.*)\Z", re.DOTALL)
# Paragraphs that many of the full texts share; a text names one as `{specification}`.
_PARTS_FILE = "parts.toml"
Register = Literal["plain", "full"]
REGISTERS: tuple[Register, ...] = ("plain", "full")


class Instruction(BaseModel):
    """One instruction file.

    Attributes:
        role: Who is asked.
        skill: What for.
        version: Counts from 1.
        tags: The blocks that the answer should have.
        form: The form of the answer, repeated if an answer could not be read.
        max_tokens: The limit on the answer, for prompts of usual length.
        temperature: The model's temperature.
        body: The text with its placeholders.
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
        """The contents of sample blocks, and the lines of the text. An answer that only repeats one is no answer."""
        texts = [block for tag in self.tags for text in (self.body, self.form) for block in find_tagged(text, tag)]
        texts += [line.strip() for line in self.body.splitlines() if line.strip()]
        return tuple(dict.fromkeys(text for text in texts if not placeholders_in(text)))

    def fill(self, values: Mapping[str, str]) -> str:
        """Fill the fields. Paragraphs that have fields, but none with a value, are left out."""
        paragraphs = []
        for paragraph in re.split(r"\n{2,}", self.body.strip()):
            fields = placeholders_in(paragraph)
            if not fields or any(values.get(field, "").strip() for field in fields):
                paragraphs.append(fill_template(paragraph, values))
        return "\n\n".join(paragraphs)


def parse_instruction(text: str, *, where: str) -> Instruction:
    """Read an instruction from the text of its file. Raises RunFailed if the text does not have the form of one."""
    parts = _FRONT.match(text.replace("\r\n", "\n"))
    if parts is None:
        raise RunFailed("an instruction file begins with TOML between two +++ lines", where=where)
    try:
        return Instruction.model_validate({**tomllib.loads(parts[1]), "body": parts[2].strip()})
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise RunFailed(f"an instruction file cannot be read: {error}", where=where) from error


@cache
def shipped_instructions(register: Register = "plain") -> Mapping[str, Instruction]:
    """`role.skill` → the newest shipped version in a register; of the full one, those that have a text of their own."""
    newest: dict[str, Instruction] = {}
    for file in _folder(register).iterdir():
        file_name = _FILE.match(file.name)
        if file_name is None:
            continue
        text = file.read_text(encoding="utf-8")
        instruction = parse_instruction(with_parts(text) if register == "full" else text, where=file.name)
        if (instruction.role, instruction.skill, str(instruction.version)) != file_name.groups():
            raise RunFailed(
                f"the file's head says {instruction.name}", where=file.name, remedy="use the same name in both"
            )
        key = f"{instruction.role}.{instruction.skill}"
        if key not in newest or newest[key].version < instruction.version:
            newest[key] = instruction
    return dict(sorted(newest.items()))


def with_parts(text: str) -> str:
    """A text with the shared paragraphs that it names."""
    for name, part in shared_parts().items():
        text = text.replace(f"{{{name}}}", part.strip())
    return text


@cache
def shared_parts() -> Mapping[str, str]:
    """Name → paragraph."""
    return tomllib.loads((_folder("full") / _PARTS_FILE).read_text(encoding="utf-8"))


@cache
def instruction_of_ask(ask: type[Ask[Any]]) -> Instruction | None:
    """The instruction that a plugin's ask brings with it. Raises RunFailed if its text is no instruction file."""
    if not ask.instruction:
        return None
    return parse_instruction(ask.instruction, where=f"{ask.__module__}.{ask.__qualname__}.instruction")


def instruction_for(role: str, skill: str, register: Register = "plain") -> Instruction:
    """The shipped instruction of a skill, the plain one where the register has none. Raises RunFailed without any."""
    key = f"{role}.{skill}"
    if register == "full" and (full := shipped_instructions("full").get(key)) is not None:
        return full
    # What only capable models are asked has no plain text.
    instruction = shipped_instructions().get(key) or shipped_instructions("full").get(key)
    if instruction is None:
        raise RunFailed(f"there is no instruction for {key}", possible=tuple(shipped_instructions()))
    return instruction


def _folder(register: Register) -> Any:
    folder = resources.files(f"{__package__}.prompts")
    return folder if register == "plain" else folder / "full"
