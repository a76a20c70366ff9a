"""Edits of one section of a prompt at a time (PromptFlow, arXiv 2510.12246); the other sections stay as they are.

The instruction is the section "Task", the others stand below it. Which one is edited is told by the order's option
`section`, else it is drawn.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ...agents.asks.common import ParaphrasePrompt
from ...agents.asks.sections import EditSection, WriteSection
from ...core.prompt import Prompt, Section, placeholders_in
from ...core.protocols import Need, Team
from ...core.render import instruction_text
from ...core.search_types import Proposal, Request
from ..algorithms.llm_helpers import (
    CALLS_PER_ASK,
    deduplicate,
    sample_cases,
    sample_items,
    task_description,
    user_guidance,
    with_instruction,
)

TASK_SECTION = "Task"
SECTION_PURPOSES: Mapping[str, str] = {
    "Definitions": "says what the important words of the task mean",
    "Steps": "says in which steps the model should come to the answer",
    "Hard cases": "says how to decide where it is not clear",
    "Common mistakes": "says which mistakes the model must not make",
    "Answer": "says exactly what the answer looks like, and nothing else",
}
_NONE: frozenset[Need] = frozenset()
_TRAIN: frozenset[Need] = frozenset({"train"})
_LONGER, _ALWAYS = 4, 80
_REMARK = re.compile(r"\b(?:the|this|your|new) (?:prompt|section|feedback)\b", re.IGNORECASE)


@dataclass(kw_only=True)
class SectionEdit:
    """A section written anew with the failures in view. errors: failures shown, at most."""

    errors: int = 4
    name: str = field(default="section-edit", init=False)
    needs: frozenset[Need] = field(default=_TRAIN, init=False)
    calls: int = field(default=CALLS_PER_ASK, init=False)

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        prompt, section = request.parents[0].program.main, section_to_edit(request)
        shown = sample_items(request.failures, self.errors, request.rng)
        ask = EditSection(
            task=task_description(request.task),
            prompt=instruction_text(prompt),
            section=section,
            text=section_text(prompt, section),
            failures=shown,
            hints=user_guidance(request),
        )
        reply = await team.act(ask)
        return deduplicate(
            [_with_section_text(request, section, reply.text, f"{section} written anew") if reply else None]
        )


@dataclass(kw_only=True)
class SectionReword:
    """A section in other words."""

    name: str = field(default="section-reword", init=False)
    needs: frozenset[Need] = field(default=_NONE, init=False)
    calls: int = field(default=CALLS_PER_ASK, init=False)

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        section = section_to_edit(request)
        text = section_text(request.parents[0].program.main, section)
        reply = await team.act(ParaphrasePrompt(prompt=text)) if text.strip() else None
        return deduplicate(
            [_with_section_text(request, section, reply.prompt, f"{section} in other words") if reply else None]
        )


@dataclass(kw_only=True)
class SectionAdd:
    """A section that is not there yet, drawn among those that prompts often have. rows: shown to its author."""

    rows: int = 3
    errors: int = 3
    name: str = field(default="section-add", init=False)
    needs: frozenset[Need] = field(default=_TRAIN, init=False)
    calls: int = field(default=CALLS_PER_ASK, init=False)

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        prompt = request.parents[0].program.main
        absent = [name for name in SECTION_PURPOSES if name not in section_texts(prompt)]
        if not absent:
            return []
        name = request.rng.choice(absent)
        ask = WriteSection(
            task=task_description(request.task),
            prompt=instruction_text(prompt),
            section=name,
            purpose=SECTION_PURPOSES[name],
            rows=sample_cases(request.train, self.rows, request.rng),
            failures=sample_items(request.failures, self.errors, request.rng),
            hints=user_guidance(request),
        )
        reply = await team.act(ask)
        return deduplicate([_with_section_text(request, name, reply.text, f"{name} added") if reply else None])


@dataclass(kw_only=True)
class SectionDrop:
    """A section taken out; the task stays."""

    name: str = field(default="section-drop", init=False)
    needs: frozenset[Need] = field(default=_NONE, init=False)
    calls: int = field(default=0, init=False)

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        program = request.parents[0].program
        names = [section.name for section in program.main.sections]
        if not names:
            return []
        wanted = section_to_edit(request)
        gone = wanted if wanted in names else request.rng.choice(names)
        left = tuple(section for section in program.main.sections if section.name != gone)
        return [Proposal(program=program.replace(program.main.with_(sections=left)), rationale=f"{gone} dropped")]


def section_texts(prompt: Prompt) -> list[str]:
    return [TASK_SECTION, *(section.name for section in prompt.sections)]


def section_text(prompt: Prompt, section: str) -> str:
    return next((one.text for one in prompt.sections if one.name == section), prompt.instruction)


def section_to_edit(request: Request) -> str:
    """The order's section where the parent has it, else a drawn one."""
    names = section_texts(request.parents[0].program.main)
    drawn = request.rng.choice(names)
    wanted = request.order.options.get("section")
    return str(wanted) if wanted in names else drawn


def _with_section_text(request: Request, section: str, text: str, why: str) -> Proposal | None:
    """The first parent with a section's text exchanged or added; None where nobody could use it.

    Placeholders belong into the task: a section that asks for a field is refused, and so is a text about the prompt.
    Names of sections that an author wrote above the text are taken off.
    """
    if _REMARK.search(text):
        return None
    if section == TASK_SECTION:
        return with_instruction(request, text, why)
    program = request.parents[0].program
    old = {one.name: one.text for one in program.main.sections}
    new = text.strip().removeprefix(f"{section}:").strip()
    size = max(_ALWAYS, _LONGER * len(old.get(section, "").split()))
    if not new or placeholders_in(new) or len(new.split()) > size or new.split() == old.get(section, "").split():
        return None
    sections = tuple(Section(name=name, text=said) for name, said in {**old, section: new}.items())
    return Proposal(program=program.replace(program.main.with_(sections=sections)), rationale=why)
