"""A prompt rewritten by published techniques, each a candidate of its own."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from ...core.asks import CALLS_PER_ASK
from ...core.errors import UsageError
from ...core.program import MAIN, Program
from ...core.prompt import Prompt, Section
from ...core.protocols import NEEDS_NOTHING, Team
from ...core.render import fill_template, instruction_text
from ...core.routing import Router
from ...core.search_types import Proposal, Request
from ..algorithms.input_variants import step_heading
from ..algorithms.llm_helpers import deduplicate, gather_all, task_description, user_guidance
from .minstrel import WritePart

# Answer types whose parser would not find the answer behind a chain of thought.
_SHORT_ANSWER_TYPES = ("label", "choice", "number", "regex")
# Enough to see a pattern without filling a small context.
_MAX_FAILURES = 4
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
        raise UsageError(f"unknown technique {strange[0]!r}", possible=tuple(technique_catalog()))
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
            prompts={f"voice-{index}": voice for index, voice in enumerate(voices, 1)}, router=Router(kind="vote")
        )
    steps = [Prompt(instruction=filled(step.text), system="") for step in technique.steps]
    names = [f"{index}-{step.name}" for index, step in enumerate(technique.steps, 1)]
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


@dataclass(kw_only=True)
class PublishedTechniques:
    """Applies techniques to the first parent's prompt; as many as the order counts, sampled where there are more.

    Programs that already have several prompts, and prompts of a larger program, only get techniques that fit in one
    prompt. A technique that reads mistakes needs failures.

    Args:
        names: Techniques of the data file; all if empty.
        room: Whether thinking before the answer is in the same call (`one`), in a call of its own (`two`), or in a call
            of its own where the task's answers are short (`auto`).
        authored: Whether to use techniques with slots that a model has to fill in.
    """

    name = "technique"
    needs = NEEDS_NOTHING

    names: Sequence[str] = ()
    room: Literal["one", "two", "auto"] = "auto"
    authored: bool = True

    def __post_init__(self) -> None:
        techniques_by_name(self.names)  # refuse an unknown name when the operator is made

    @property
    def calls(self) -> int:
        return sum(CALLS_PER_ASK * len(technique_catalog()[name].slots) for name in self._selected_techniques)

    @property
    def _selected_techniques(self) -> list[str]:
        return [name for name in techniques_by_name(self.names) if self.authored or not technique_catalog()[name].slots]

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        parent = request.parents[0]
        inside = bool(request.order.slot) or len(parent.program.prompts) > 1 or not request.task.chat
        fit = [name for name in self._selected_techniques if self._fits(technique_catalog()[name], request, inside)]
        sampled = fit if request.order.count >= len(fit) else request.rng.sample(fit, request.order.count)
        chosen = sorted(sampled, key=fit.index)
        proposals = await gather_all(self._apply_by_name(name, request, team, inside) for name in chosen)
        return deduplicate(proposals)

    def _fits(self, technique: Technique, request: Request, inside: bool) -> bool:
        return (technique.single_prompt or not inside) and (bool(request.failures) or not technique.mistakes)

    async def _apply_by_name(self, name: str, request: Request, team: Team, inside: bool) -> Proposal | None:
        technique, program = technique_catalog()[name], request.parents[0].program
        filled = await self._fill_slots(technique, program.main, request, team)
        if filled is None:
            return None
        values = {**filled, "task": task_description(request.task), "answer": request.task.answer.hint}
        brief_answers = request.task.answer.type in _SHORT_ANSWER_TYPES
        apart = not inside and (self.room == "two" or (self.room == "auto" and brief_answers))
        changed = apply_technique(technique, program.main, values, apart=apart)
        if inside:
            changed = program.replace(changed.main)
        if changed.id == program.id:
            return None
        return Proposal(program=changed, rationale=f"{name} ({technique.cites})")

    async def _fill_slots(
        self, technique: Technique, prompt: Prompt, request: Request, team: Team
    ) -> dict[str, str] | None:
        """Slot → text, written one after the other; None if one could not be had."""
        filled: dict[str, str] = {}
        for slot, purpose in technique.slots.items():
            ask = WritePart(
                task=task_description(request.task),
                prompt=instruction_text(prompt),
                wanted=purpose,
                written=tuple(f"{other_slot}: {text}" for other_slot, text in filled.items()),
                failures=request.failures[:_MAX_FAILURES] if technique.mistakes else (),
                hints=user_guidance(request),
            )
            reply = await team.act(ask)
            if reply is None:
                return None
            filled[slot] = reply.text
        return filled
