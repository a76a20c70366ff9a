"""An expert persona and task keywords beside the instruction (PromptWizard, arXiv 2405.18369)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ...agents.asks.replies import ItemsReply, TextReply
from ...core.asks import CALLS_PER_ASK, Ask, Case
from ...core.prompt import Section
from ...core.protocols import NEEDS_NOTHING, Team
from ...core.search_types import Proposal, Request
from ...core.words import length_in_words
from ..algorithms.llm_helpers import sample_cases, task_description


class DescribeExpert(Ask[TextReply]):
    """Who would do the task best, addressed to that person."""

    role = "student"
    skill = "expert"
    reply = TextReply
    reads = {"rows": "rows"}
    task: str
    rows: tuple[Case, ...] = ()


class NameIntent(Ask[ItemsReply]):
    """The few keywords of the task."""

    role = "student"
    skill = "intent"
    reply = ItemsReply
    task: str


KEYWORDS = "Keywords"
# An expertise shows in few inputs; the paragraph is about a person, not about them.
_EXPERT_EXAMPLES = 8
# More keywords are no keywords.
_MAX_KEYWORDS = 6
# A longer item is a sentence.
_MAX_KEYWORD_WORDS = 4
_LIST_MARK = re.compile(r"[,，、；]")


class ExpertPersona:
    """An expert's identity in front of the user's own system prompt."""

    name = "expert"
    needs = NEEDS_NOTHING
    calls = CALLS_PER_ASK

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        rows = sample_cases(request.train, _EXPERT_EXAMPLES, request.rng) if request.capable else ()
        reply = await team.act(DescribeExpert(task=task_description(request.task), rows=rows))
        if reply is None:
            return []
        program = request.parents[0].program
        own = (*request.ancestors, *request.parents)[0].program.main.system
        system = "\n\n".join(part for part in (reply.text, own) if part)
        return [Proposal(program=program.replace(program.main.with_(system=system)), rationale="expert persona")]


class TaskKeywords:
    """The task's keywords as a section; those of an ancestor are replaced."""

    name = "intent"
    needs = NEEDS_NOTHING
    calls = CALLS_PER_ASK

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        reply = await team.act(NameIntent(task=task_description(request.task)))
        keywords = (
            [word.strip(" .。\"'*“”「」") for item in reply.items for word in _LIST_MARK.split(item)]
            if reply is not None
            else []
        )
        words = list(dict.fromkeys(word for word in keywords if word and length_in_words(word) <= _MAX_KEYWORD_WORDS))[
            :_MAX_KEYWORDS
        ]
        if not words:
            return []
        program = request.parents[0].program
        other_sections = [section for section in program.main.sections if section.name != KEYWORDS]
        prompt = program.main.with_(sections=(*other_sections, Section(name=KEYWORDS, text=", ".join(words))))
        return [Proposal(program=program.replace(prompt), rationale=f"keywords: {', '.join(words)}")]
