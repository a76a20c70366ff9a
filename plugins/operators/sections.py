"""Edits of one section of a prompt at a time (PromptFlow, arXiv 2510.12246); the other sections stay as they are.

The instruction is the section "Task", the others stand below it. Which one is edited is told by the order's option
`section`, else it is drawn.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ...core.contracts import Need, Team
from ...core.dialogue.methods import Paraphrase
from ...core.dialogue.sections import EditSection, WriteSection
from ...core.orders import Proposal, Request
from ...core.prompt import Prompt, Section, placeholders_in
from ...core.render import brief
from .rewording import CALLS_PER_ASK, about, distinct, drawn_cases, hints_of, reworded, sampled

TASK = "Task"
PURPOSES: Mapping[str, str] = {
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
        prompt, section = request.parents[0].program.main, chosen_section(request)
        shown = sampled(request.failures, self.errors, request.rng)
        ask = EditSection(
            task=about(request.task),
            prompt=brief(prompt),
            section=section,
            text=text_of(prompt, section),
            failures=shown,
            hints=hints_of(request),
        )
        reply = await team.act(ask)
        return distinct([_with_text(request, section, reply.text, f"{section} written anew") if reply else None])


@dataclass(kw_only=True)
class SectionReword:
    """A section in other words."""

    name: str = field(default="section-reword", init=False)
    needs: frozenset[Need] = field(default=_NONE, init=False)
    calls: int = field(default=CALLS_PER_ASK, init=False)

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        section = chosen_section(request)
        text = text_of(request.parents[0].program.main, section)
        reply = await team.act(Paraphrase(prompt=text)) if text.strip() else None
        return distinct([_with_text(request, section, reply.prompt, f"{section} in other words") if reply else None])


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
        absent = [name for name in PURPOSES if name not in sections_of(prompt)]
        if not absent:
            return []
        name = request.rng.choice(absent)
        ask = WriteSection(
            task=about(request.task),
            prompt=brief(prompt),
            section=name,
            purpose=PURPOSES[name],
            rows=drawn_cases(request.train, self.rows, request.rng),
            failures=sampled(request.failures, self.errors, request.rng),
            hints=hints_of(request),
        )
        reply = await team.act(ask)
        return distinct([_with_text(request, name, reply.text, f"{name} added") if reply else None])


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
        wanted = chosen_section(request)
        gone = wanted if wanted in names else request.rng.choice(names)
        left = tuple(section for section in program.main.sections if section.name != gone)
        return [Proposal(program=program.replace(program.main.with_(sections=left)), rationale=f"{gone} dropped")]


def sections_of(prompt: Prompt) -> list[str]:
    return [TASK, *(section.name for section in prompt.sections)]


def text_of(prompt: Prompt, section: str) -> str:
    return next((one.text for one in prompt.sections if one.name == section), prompt.instruction)


def chosen_section(request: Request) -> str:
    """The order's section where the parent has it, else a drawn one."""
    names = sections_of(request.parents[0].program.main)
    drawn = request.rng.choice(names)
    wanted = request.order.options.get("section")
    return str(wanted) if wanted in names else drawn


def _with_text(request: Request, section: str, text: str, why: str) -> Proposal | None:
    """The first parent with a section's text exchanged or added; None where nobody could use it.

    Placeholders belong into the task: a section that asks for a field is refused, and so is a text about the prompt.
    Names of sections that an author wrote above the text are taken off.
    """
    if _REMARK.search(text):
        return None
    if section == TASK:
        return reworded(request, text, why)
    program = request.parents[0].program
    old = {one.name: one.text for one in program.main.sections}
    new = text.strip().removeprefix(f"{section}:").strip()
    size = max(_ALWAYS, _LONGER * len(old.get(section, "").split()))
    if not new or placeholders_in(new) or len(new.split()) > size or new.split() == old.get(section, "").split():
        return None
    sections = tuple(Section(name=name, text=said) for name, said in {**old, section: new}.items())
    return Proposal(program=program.replace(program.main.with_(sections=sections)), rationale=why)
