"""Who does the task, and what it is about (PromptWizard, arXiv 2405.18369): said beside the instruction, not in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ...agents.asks.promptwizard import DescribeExpert, NameIntent
from ...core.prompt import Section
from ...core.protocols import Need, Team
from ...core.search_types import Proposal, Request
from ..algorithms.llm_helpers import CALLS_PER_ASK, task_description

KEYWORDS = "Keywords"
_MOST = 6
_LONGEST = 4


@dataclass(kw_only=True)
class ExpertPersona:
    """An expert's identity as the system prompt; what the user wrote there stays behind it."""

    name: str = field(default="expert", init=False)
    needs: frozenset[Need] = field(default=frozenset(), init=False)
    calls: int = field(default=CALLS_PER_ASK, init=False)

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        reply = await team.act(DescribeExpert(task=task_description(request.task)))
        if reply is None:
            return []
        program = request.parents[0].program
        own = (*request.ancestors, *request.parents)[0].program.main.system
        system = "\n\n".join(part for part in (reply.text, own) if part)
        return [Proposal(program=program.replace(program.main.with_(system=system)), rationale="an expert's identity")]


@dataclass(kw_only=True)
class TaskKeywords:
    """The task's keywords as a section; those of an ancestor are replaced."""

    name: str = field(default="intent", init=False)
    needs: frozenset[Need] = field(default=frozenset(), init=False)
    calls: int = field(default=CALLS_PER_ASK, init=False)

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        reply = await team.act(NameIntent(task=task_description(request.task)))
        said = [word.strip(" .\"'*") for item in reply.items for word in item.split(",")] if reply is not None else []
        words = list(dict.fromkeys(word for word in said if word and len(word.split()) <= _LONGEST))[:_MOST]
        if not words:
            return []
        program = request.parents[0].program
        kept = [one for one in program.main.sections if one.name != KEYWORDS]
        prompt = program.main.with_(sections=(*kept, Section(name=KEYWORDS, text=", ".join(words))))
        return [Proposal(program=program.replace(prompt), rationale=f"keywords: {', '.join(words)}")]
