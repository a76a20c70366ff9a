"""Instruction files: the questions to agents as text beside the code, and how the fields of an ask fill them.

A file is named `<role>.<skill>.v<version>.md` and has TOML between two `+++` lines, then the text. `{field}` is filled
from the ask. A paragraph whose fields are all empty is left out, so that one file serves with and without evidence.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache, cached_property
from importlib import resources
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..core.asks import Ask, Case, ScoredPrompt
from ..core.errors import RunFailed
from ..core.prompt import placeholders_in
from ..core.render import fill_template
from .parse.blocks import find_tagged

REPAIR_KEY = "any.repair"
CUT_KEY = "any.cut"
_FILE = re.compile(r"^(?P<role>[a-z]+)\.(?P<skill>[a-z-]+)\.v(?P<version>\d+)\.md$")
_FRONT = re.compile(r"\A\+\+\+\n(.*?)\n\+\+\+\n(.*)\Z", re.DOTALL)
# One text among several of a question; the whole question has to fit a small context.
MAX_FIELD_CHARACTERS = 600
# Outputs and feedback are read beside the input, and are often long without saying more.
_MAX_OUTPUT_CHARACTERS = 300


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
def shipped_instructions() -> Mapping[str, Instruction]:
    """`role.skill` → the newest shipped version."""
    newest: dict[str, Instruction] = {}
    for file in resources.files(f"{__package__}.prompts").iterdir():
        file_name = _FILE.match(file.name)
        if file_name is None:
            continue
        instruction = parse_instruction(file.read_text(encoding="utf-8"), where=file.name)
        if (instruction.role, instruction.skill, str(instruction.version)) != file_name.groups():
            raise RunFailed(
                f"the file's head says {instruction.name}", where=file.name, remedy="use the same name in both"
            )
        key = f"{instruction.role}.{instruction.skill}"
        if key not in newest or newest[key].version < instruction.version:
            newest[key] = instruction
    return dict(sorted(newest.items()))


@cache
def instruction_of_ask(ask: type[Ask[Any]]) -> Instruction | None:
    """The instruction that a plugin's ask brings with it. Raises RunFailed if its text is no instruction file."""
    if not ask.instruction:
        return None
    return parse_instruction(ask.instruction, where=f"{ask.__module__}.{ask.__qualname__}.instruction")


def instruction_for(role: str, skill: str) -> Instruction:
    """The shipped instruction of a skill. Raises RunFailed if there is none."""
    key = f"{role}.{skill}"
    try:
        return shipped_instructions()[key]
    except KeyError:
        raise RunFailed(f"there is no instruction for {key}", possible=tuple(shipped_instructions())) from None


def field_texts(ask: Ask[Any]) -> dict[str, str]:
    """Field name → text: cases as numbered blocks, history with whole-number scores, other lists as lines."""
    return {name: _field_text(getattr(ask, name)) for name in type(ask).model_fields}


def clip(text: str, limit: int = MAX_FIELD_CHARACTERS) -> str:
    """Shorten a text to a limit by cutting its middle out."""
    text = text.strip()
    if len(text) <= limit:
        return text
    head = limit * 2 // 3
    return f"{text[:head].rstrip()} […] {text[-(limit - head) :].lstrip()}"


def _field_text(value: object) -> str:
    if isinstance(value, str):
        return value.strip()
    if not isinstance(value, Sequence):
        return str(value)
    if all(isinstance(item, Case) for item in value):
        return "\n".join(_case_text(number, case) for number, case in enumerate(value, 1))
    if all(isinstance(item, ScoredPrompt) for item in value):
        return "\n".join(f"Prompt: {entry.prompt.strip()}\nScore: {round(100 * entry.score)}" for entry in value)
    return "\n".join(f"{number}. {str(item).strip()}" for number, item in enumerate(value, 1))


def _case_text(number: int, case: Case) -> str:
    lines = [f"[{number}] Input: {clip(case.input)}"]
    if case.expected.strip():
        lines.append(f"    Expected: {clip(case.expected)}")
    if case.output.strip():
        lines.append(f"    Got: {clip(case.output, _MAX_OUTPUT_CHARACTERS)}")
    if case.feedback.strip():
        lines.append(f"    Feedback: {clip(case.feedback, _MAX_OUTPUT_CHARACTERS)}")
    if case.trace.strip():
        lines.append(f"    Steps: {clip(case.trace)}")
    return "\n".join(lines)
