"""Minstrel: a planner chooses prompt modules, a student writes each, a critic sends the weakest back (arXiv
2409.13449)."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType

from ...agents.asks.replies import ItemsReply, TextReply
from ...core.asks import CALLS_PER_ASK, AgentReply, Ask, Case
from ...core.prompt import Prompt, Section
from ...core.protocols import NEEDS_NOTHING, Team
from ...core.render import instruction_text
from ...core.search_types import Proposal, Request
from ..algorithms.llm_helpers import task_description, user_guidance, with_literal_fields


class WritePart(Ask[TextReply]):
    """The text of one part of a prompt. `wanted` describes the part, `written` holds the other parts."""

    role = "student"
    skill = "part"
    reply = TextReply
    reads = {"failures": "errors", "hints": "hints"}
    task: str
    prompt: str
    wanted: str
    written: tuple[str, ...] = ()
    failures: tuple[Case, ...] = ()
    advice: str = ""
    hints: tuple[str, ...] = ()


class ChooseParts(Ask[ItemsReply]):
    """Which parts a prompt for the task should have, by name."""

    role = "planner"
    skill = "parts"
    reply = ItemsReply
    task: str
    prompt: str
    parts: tuple[str, ...]


class AdviceReply(AgentReply):
    """One part by its name, and what to change in it."""

    part: str
    advice: str


class ReviewParts(Ask[AdviceReply]):
    """Which part of a prompt is weakest, and what to change in it."""

    role = "critic"
    skill = "weakest-part"
    reply = AdviceReply
    reads = {"failures": "errors"}
    task: str
    parts: tuple[str, ...]
    failures: tuple[Case, ...] = ()


_FILE = "modules.v1.toml"
# The modules that the paper's examples have most often.
_DEFAULT_MODULES = ("Role", "Goal", "Rules", "Workflow", "Output")
# Enough to see a pattern without filling a small context.
_MAX_FAILURES = 4


@cache
def module_descriptions() -> Mapping[str, str]:
    """Module → its content."""
    text = (resources.files(__package__) / _FILE).read_text(encoding="utf-8")
    return MappingProxyType(tomllib.loads(text))


@dataclass(kw_only=True)
class Minstrel:
    """Writes a prompt module by module, then rewrites the weakest module.

    A prompt without modules gets those that a planner chose, each by a question of its own; where the choice cannot be
    parsed, the usual ones. Then the module that a critic who sees failures finds weakest is rewritten: of this draft,
    which is proposed too, or of a prompt that has modules already.

    Args:
        most: Modules at most.
    """

    name = "minstrel"
    needs = NEEDS_NOTHING

    most: int = 6

    @property
    def calls(self) -> int:
        return CALLS_PER_ASK * (self.most + 3)

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        program = request.parents[0].program
        revised: list[tuple[Prompt, str]] = []
        if not any(section.name in module_descriptions() for section in program.main.sections):
            revised += await self._written(program.main, request, team)
        drafted = revised[0][0] if revised else program.main
        revised += await self._reviewed(drafted, request, team)
        return [
            Proposal(program=program.replace(prompt), rationale=rationale)
            for prompt, rationale in revised
            if prompt != program.main
        ]

    async def _written(self, prompt: Prompt, request: Request, team: Team) -> list[tuple[Prompt, str]]:
        listed = tuple(f"{name}: {description}" for name, description in module_descriptions().items())
        reply = await team.act(
            ChooseParts(task=task_description(request.task), prompt=instruction_text(prompt), parts=listed)
        )
        named = _named_modules([] if reply is None else reply.items) or list(_DEFAULT_MODULES)
        written: list[Section] = []
        for name in named[: self.most]:
            if (text := await self._part(name, prompt, written, request, team)) is not None:
                written.append(Section(name=name, text=text))
        if not written:
            return []
        rationale = f"modules: {', '.join(section.name for section in written)}"
        return [(prompt.with_(sections=(*prompt.sections, *written)), rationale)]

    async def _reviewed(self, prompt: Prompt, request: Request, team: Team) -> list[tuple[Prompt, str]]:
        there = [section for section in prompt.sections if section.name in module_descriptions()]
        if not there:
            return []
        parts = tuple(f"{section.name}: {section.text}" for section in there)
        review = await team.act(
            ReviewParts(task=task_description(request.task), parts=parts, failures=request.failures[:_MAX_FAILURES])
        )
        weak = next(
            (section for section in there if review is not None and section.name in _named_modules([review.part])), None
        )
        if review is None or weak is None:
            return []
        others = [section for section in there if section != weak]
        text = await self._part(weak.name, prompt, others, request, team, advice=review.advice)
        if text is None:
            return []
        sections = tuple(
            Section(name=section.name, text=text) if section == weak else section for section in prompt.sections
        )
        return [(prompt.with_(sections=sections), f"{weak.name} rewritten: {review.advice}")]

    async def _part(
        self,
        name: str,
        prompt: Prompt,
        written: Sequence[Section],
        request: Request,
        team: Team,
        advice: str = "",
    ) -> str | None:
        ask = WritePart(
            task=task_description(request.task),
            prompt=instruction_text(prompt) if advice else prompt.instruction,
            wanted=f"the part {name}, which is {module_descriptions()[name]}",
            written=tuple(f"{section.name}: {section.text}" for section in written),
            failures=request.failures[:_MAX_FAILURES] if advice else (),
            advice=advice,
            hints=user_guidance(request),
        )
        reply = await team.act(ask)
        return with_literal_fields(request, reply.text) if reply is not None else None


def _named_modules(texts: Sequence[str]) -> list[str]:
    """The modules that are named, in the order of the file."""
    words = {word.strip(" .:;\"'*()<>").casefold() for text in texts for word in re.split(r"[\s,，、；。：]+", text)}
    return [name for name in module_descriptions() if name.casefold() in words]
