"""Edits of one section of a prompt at a time (PromptFlow, arXiv 2510.12246); the other sections stay as they are.

The instruction is the section "Task"; the others follow it. The order's option `section` says which one is edited;
otherwise a random one is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...agents.asks.common import ParaphrasePrompt
from ...agents.asks.replies import TextReply
from ...core.asks import CALLS_PER_ASK, Ask, Case
from ...core.prompt import Prompt, Section
from ...core.protocols import NEEDS_NOTHING, NEEDS_TRAIN, Team
from ...core.render import instruction_text
from ...core.search_types import Proposal, Request
from ...core.words import count_words
from ..algorithms.llm_helpers import (
    UNCHANGED,
    deduplicate,
    field_refusal,
    refused,
    sample_cases,
    sample_items,
    task_description,
    user_guidance,
    with_instruction,
)


class EditSection(Ask[TextReply]):
    """One section of a prompt rewritten, the others unchanged (PromptFlow, arXiv 2510.12246)."""

    role = "student"
    skill = "edit-section"
    reply = TextReply
    reads = {"failures": "errors", "hints": "hints"}
    task: str
    prompt: str
    section: str
    text: str
    failures: tuple[Case, ...] = ()
    hints: tuple[str, ...] = ()


class WriteSection(Ask[TextReply]):
    """A section that a prompt does not have yet (PromptFlow)."""

    role = "student"
    skill = "write-section"
    reply = TextReply
    reads = {"rows": "rows", "failures": "errors", "hints": "hints"}
    task: str
    prompt: str
    section: str
    purpose: str
    rows: tuple[Case, ...] = ()
    failures: tuple[Case, ...] = ()
    hints: tuple[str, ...] = ()


TASK_SECTION = "Task"
SECTION_PURPOSES: Mapping[str, str] = {
    "Definitions": "says what the important words of the task mean",
    "Steps": "says in which steps the model should come to the answer",
    "Hard cases": "says how to decide where it is not clear",
    "Common mistakes": "says which mistakes the model must not make",
    "Answer": "says exactly what the answer looks like, and nothing else",
}
# A short text that begins like this is a remark about the work.
_REMARK = re.compile(
    r"\W*(?:the|this|your|my) (?:new |revised |improved )?(?:prompt|section|feedback)\b", re.IGNORECASE
)
_MAX_REMARK_WORDS = 40


@dataclass(kw_only=True)
class SectionEdit:
    """Rewrites a section with the failures in view.

    Args:
        errors: Failures shown at most.
    """

    name = "section-edit"
    needs = NEEDS_TRAIN
    calls = CALLS_PER_ASK

    errors: int = 4

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        prompt, section = request.parents[0].program.main, section_to_edit(request)
        failures = sample_items(request.failures, self.errors, request.rng)
        ask = EditSection(
            task=task_description(request.task),
            prompt=instruction_text(prompt),
            section=section,
            text=section_text(prompt, section),
            failures=failures,
            hints=user_guidance(request),
        )
        reply = await team.act(ask)
        return deduplicate(
            [_with_section_text(request, section, reply.text, f"{section} rewritten") if reply else None]
        )


class SectionReword:
    """Paraphrases a section."""

    name = "section-reword"
    needs = NEEDS_NOTHING
    calls = CALLS_PER_ASK

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        section = section_to_edit(request)
        text = section_text(request.parents[0].program.main, section)
        reply = await team.act(ParaphrasePrompt(prompt=text)) if text.strip() else None
        return deduplicate(
            [_with_section_text(request, section, reply.prompt, f"{section} paraphrased") if reply else None]
        )


@dataclass(kw_only=True)
class SectionAdd:
    """Adds a missing section, drawn from those that prompts often have.

    Args:
        rows: Examples shown to the writer.
        errors: Failures shown.
    """

    name = "section-add"
    needs = NEEDS_TRAIN
    calls = CALLS_PER_ASK

    rows: int = 3
    errors: int = 3

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


class SectionDrop:
    """Drops a section; the task stays."""

    name = "section-drop"
    needs = NEEDS_NOTHING
    calls = 0

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        program = request.parents[0].program
        names = [section.name for section in program.main.sections]
        if not names:
            return []
        requested = section_to_edit(request)
        gone = requested if requested in names else request.rng.choice(names)
        remaining = tuple(section for section in program.main.sections if section.name != gone)
        return [Proposal(program=program.replace(program.main.with_(sections=remaining)), rationale=f"{gone} dropped")]


def section_texts(prompt: Prompt) -> list[str]:
    """Names of the sections, the task first."""
    return [TASK_SECTION, *(section.name for section in prompt.sections)]


def section_text(prompt: Prompt, section: str) -> str:
    return next((part.text for part in prompt.sections if part.name == section), prompt.instruction)


def section_to_edit(request: Request) -> str:
    """The order's section if the parent has it, else a random one."""
    names = section_texts(request.parents[0].program.main)
    fallback = request.rng.choice(names)
    requested = request.order.options.get("section")
    return str(requested) if requested in names else fallback


def _with_section_text(request: Request, section: str, text: str, why: str) -> Proposal:
    """The first parent with a section's text replaced or added; refused where the text is unusable.

    Fields belong into the task: a section that asks for one is refused, and so is a remark about the prompt. A section
    name that the writer put above the text is removed.
    """
    if _REMARK.match(text) and count_words(text) <= _MAX_REMARK_WORDS:
        return refused(request, "it is a remark about the prompt", text, why)
    if section == TASK_SECTION:
        return with_instruction(request, text, why)
    program = request.parents[0].program
    old = {part.name: part.text for part in program.main.sections}
    new = text.strip().removeprefix(f"{section}:").removeprefix(f"{section}：").strip()
    if not new:
        return refused(request, "it is empty", text, why)
    if new.split() == old.get(section, "").split():
        return refused(request, UNCHANGED, text, why)
    if refusal := field_refusal(request, new, "a section"):
        return refused(request, refusal, text, why)
    sections = tuple(Section(name=name, text=content) for name, content in {**old, section: new}.items())
    return Proposal(program=program.replace(program.main.with_(sections=sections)), rationale=why)
