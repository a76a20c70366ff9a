"""Published techniques as data: what each says, where it stands in a prompt, and what an author has to fill in."""

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
        """Whether it is said in one prompt, however much room its thinking gets."""
        return not self.steps and not self.voices


@cache
def technique_catalog() -> Mapping[str, Technique]:
    """Name → technique, the simpler first."""
    text = (resources.files(__package__) / _FILE).read_text(encoding="utf-8")
    made = {name: Technique.model_validate(told) for name, told in tomllib.loads(text).items()}
    return MappingProxyType(dict(sorted(made.items(), key=lambda item: item[1].level)))


def techniques_by_name(names: Sequence[str]) -> list[str]:
    """Those of the names, all where none is named, the simpler first. Raises UsageError for one that there is not."""
    if strange := [one for one in names if one not in technique_catalog()]:
        raise UsageError(f"there is no technique {strange[0]!r}", possible=tuple(technique_catalog()))
    return [one for one in technique_catalog() if not names or one in names]


def apply_technique(told: Technique, prompt: Prompt, values: Mapping[str, str], *, apart: bool) -> Program:
    """The prompt said by a technique. values: what fills its texts. apart: its thinking gets a call of its own.

    Braces in what an author wrote become round ones: they would ask for fields that no row brings.
    """
    safe = {name: value.replace("{", "(").replace("}", ")") for name, value in values.items()}

    def said(text: str) -> str:
        return fill_template(text.strip(), safe)

    framed = prompt.with_(
        system=_join_texts(said(told.system), prompt.system),
        instruction=_join_texts(said(told.prefix), prompt.instruction),
        sections=(*prompt.sections, *(Section(name=one.name, text=said(one.text)) for one in told.sections)),
        format=prompt.format.model_copy(update=dict(told.format)),
    )
    if told.voices:
        voices = [framed.with_(instruction=_join_texts(framed.instruction, said(one))) for one in told.voices]
        return Program(
            prompts={f"voice-{place}": one for place, one in enumerate(voices, 1)}, router=Router(kind="vote")
        )
    steps = [Prompt(instruction=said(one.text), system="") for one in told.steps]
    names = [f"{place}-{one.name}" for place, one in enumerate(told.steps, 1)]
    ending = said(told.suffix)
    if told.think and apart:
        wide = framed.format.model_copy(update={"answer_hint": "", "shuffles": 0})
        asked = _join_texts(framed.instruction, said(told.think), _ASIDE)
        steps.append(framed.with_(instruction=asked, demos=(), format=wide))
        names.append(f"{len(steps)}-{_THOUGHTS}")
        ending = _join_texts(ending, _FROM_THOUGHTS, safe.get("answer", ""))
    elif told.think:
        ending = _join_texts(ending, said(told.think), _AFTERWARDS)
    if not steps:
        return Program.of(framed.with_(instruction=_join_texts(framed.instruction, ending)))
    if prompt.placeholders and "input" not in prompt.placeholders:
        ending = _join_texts(ending, *(f"{step_heading(name)}: {{{step_heading(name)}}}" for name in names))
    last = framed.with_(instruction=_join_texts(framed.instruction, ending))
    return Program(prompts={**dict(zip(names, steps, strict=True)), MAIN: last}, router=Router(kind="chain"))


def _join_texts(*parts: str) -> str:
    return "\n\n".join(part for part in parts if part)
