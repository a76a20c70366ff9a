"""Published techniques as data: their texts, their position in a prompt, and the slots a model fills in."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from ...core.errors import UsageError
from ...core.program import MAIN, Program
from ...core.prompt import Prompt, Section
from ...core.render import fill_template
from ...core.routing import Router
from ..algorithms.input_variants import step_heading

_FILE = "techniques.v1.toml"
_THOUGHTS = "thoughts"
_ASIDE = "Write these considerations down, and nothing else. Do not give the final answer yet."
_FROM_THOUGHTS = "Considerations stand below the input. Decide with their help, and write the answer alone."
_AFTERWARDS = "Then give the answer at the end."


class Technique(BaseModel):
    """One entry of the data file; see the head of the file for its fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    row: str
    level: int = Field(ge=1, le=5)
    cites: str
    system: str = ""
    prefix: str = ""
    suffix: str = ""
    think: str = ""
    sections: tuple[Section, ...] = ()
    steps: tuple[Section, ...] = ()
    voices: tuple[str, ...] = ()
    format: Mapping[str, Any] = Field(default_factory=dict)
    slots: Mapping[str, str] = Field(default_factory=dict)
    mistakes: bool = False

    @property
    def single_prompt(self) -> bool:
        """Whether it fits in one prompt, apart from thinking."""
        return not self.steps and not self.voices


@cache
def technique_catalog() -> Mapping[str, Technique]:
    """Name → technique, simpler ones first."""
    text = (resources.files(__package__) / _FILE).read_text(encoding="utf-8")
    catalog = {name: Technique.model_validate(entry) for name, entry in tomllib.loads(text).items()}
    return MappingProxyType(dict(sorted(catalog.items(), key=lambda item: item[1].level)))


def techniques_by_name(names: Sequence[str]) -> list[str]:
    """The named techniques (all if empty), simpler ones first. Raises UsageError for an unknown name."""
    if strange := [name for name in names if name not in technique_catalog()]:
        raise UsageError(f"there is no technique {strange[0]!r}", possible=tuple(technique_catalog()))
    return [name for name in technique_catalog() if not names or name in names]


def apply_technique(technique: Technique, prompt: Prompt, values: Mapping[str, str], *, apart: bool) -> Program:
    """Apply a technique to a prompt.

    Braces in generated text become round brackets: they would ask for fields that no example has.

    Args:
        values: Texts for its slots.
        apart: Whether its thinking gets a call of its own.
    """
    safe = {name: value.replace("{", "(").replace("}", ")") for name, value in values.items()}

    def filled(text: str) -> str:
        return fill_template(text.strip(), safe)

    framed = prompt.with_(
        system=_join_texts(filled(technique.system), prompt.system),
        instruction=_join_texts(filled(technique.prefix), prompt.instruction),
        sections=(
            *prompt.sections,
            *(Section(name=section.name, text=filled(section.text)) for section in technique.sections),
        ),
        format=prompt.format.model_copy(update=dict(technique.format)),
    )
    if technique.voices:
        voices = [
            framed.with_(instruction=_join_texts(framed.instruction, filled(voice))) for voice in technique.voices
        ]
        return Program(
            prompts={f"voice-{place}": voice for place, voice in enumerate(voices, 1)}, router=Router(kind="vote")
        )
    steps = [Prompt(instruction=filled(step.text), system="") for step in technique.steps]
    names = [f"{place}-{step.name}" for place, step in enumerate(technique.steps, 1)]
    ending = filled(technique.suffix)
    if technique.think and apart:
        wide = framed.format.model_copy(update={"answer_hint": "", "shuffles": 0})
        question = _join_texts(framed.instruction, filled(technique.think), _ASIDE)
        steps.append(framed.with_(instruction=question, demos=(), format=wide))
        names.append(f"{len(steps)}-{_THOUGHTS}")
        ending = _join_texts(ending, _FROM_THOUGHTS, safe.get("answer", ""))
    elif technique.think:
        ending = _join_texts(ending, filled(technique.think), _AFTERWARDS)
    if not steps:
        return Program.of(framed.with_(instruction=_join_texts(framed.instruction, ending)))
    if prompt.placeholders and "input" not in prompt.placeholders:
        ending = _join_texts(ending, *(f"{step_heading(name)}: {{{step_heading(name)}}}" for name in names))
    last = framed.with_(instruction=_join_texts(framed.instruction, ending))
    return Program(prompts={**dict(zip(names, steps, strict=True)), MAIN: last}, router=Router(kind="chain"))


def _join_texts(*parts: str) -> str:
    return "\n\n".join(part for part in parts if part)
