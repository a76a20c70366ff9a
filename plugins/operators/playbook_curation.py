"""Agentic context engineering (ACE, arXiv 2510.04618): lessons from runs become small changes of a playbook."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from ...agents.asks.replies import ItemsReply
from ...agents.parse.blocks import find_tagged
from ...core.asks import CALLS_PER_ASK, Ask, Case
from ...core.prompt import TextKind
from ...core.protocols import NEEDS_TRAIN, Team
from ...core.search_types import Proposal, Request
from ..algorithms.llm_helpers import (
    UNCHANGED,
    main_instruction,
    refused,
    sample_items,
    task_description,
    user_guidance,
    with_literal_fields,
)
from ..algorithms.playbook import (
    DEFAULT_SECTION,
    Delta,
    apply_deltas,
    count_marks,
    playbook_of,
    playbook_text,
    refine,
    with_playbook,
)

_NOTE_ID = re.compile(r"[a-z]+-\d+")
_ENTRY = re.compile(r"\A\s*(?:\[?(?P<id>[a-z]+-\d{3,})\]?|(?P<section>[^|:]{1,60}?))\s*[|]\s*(?P<text>.+)\Z", re.DOTALL)


class DrawLessons(Ask[ItemsReply]):
    """The reflector: what the runs teach, and which notes helped or misled."""

    role = "critic"
    skill = "lessons"
    reply = ItemsReply
    reads = {"cases": "errors", "hints": "hints"}
    task: str
    prompt: str
    playbook: str
    cases: tuple[Case, ...] = ()
    hints: tuple[str, ...] = ()


class CuratePlaybook(Ask[ItemsReply]):
    """The curator: lessons as new or corrected notes, never the playbook as a whole."""

    role = "student"
    skill = "curate"
    reply = ItemsReply
    reads = {"hints": "hints"}
    task: str
    playbook: str
    lessons: tuple[str, ...]
    hints: tuple[str, ...] = ()


@dataclass(kw_only=True)
class PlaybookCuration:
    """Two questions a step: the reflector draws lessons, the curator writes them down. The merge is done by rule.

    The notes stand in the prompt's section `Playbook`, or in a component of the kind playbook.

    Args:
        cases: Runs shown at most, failures first.
        harmful: How often a note has to have misled, more often than it helped, before it is taken out.
        most: Notes at most.
    """

    name = "curate"
    needs = NEEDS_TRAIN
    kinds: ClassVar[frozenset[TextKind]] = frozenset({"prose", "playbook"})
    calls = 2 * CALLS_PER_ASK

    cases: int = 8
    harmful: int = 2
    # Published playbooks have some hundred notes at the end.
    most: int = 300

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        prompt = request.parents[0].program.main
        bullets = playbook_of(prompt)
        failed = sample_items(request.failures, self.cases, request.rng)
        right = sample_items(request.successes, self.cases - len(failed), request.rng)
        if not failed:
            return []
        task, written, hints = task_description(request.task), playbook_text(bullets), user_guidance(request)
        # A playbook of its own is no prompt: it is shown once, as the notes.
        instruction = main_instruction(request) if prompt.kind == "prose" else ""
        lessons = await team.act(
            DrawLessons(task=task, prompt=instruction, playbook=written, cases=(*failed, *right), hints=hints)
        )
        if lessons is None:
            return []
        helpful, harmful = (_ids(find_tagged(lessons.raw, tag)) for tag in ("helpful", "harmful"))
        entries = await team.act(CuratePlaybook(task=task, playbook=written, lessons=lessons.items, hints=hints))
        counted = count_marks(bullets, helpful, harmful)
        deltas = [_delta(request, entry) for entry in entries.items] if entries else []
        curated = refine(apply_deltas(counted, deltas), harmful=self.harmful, most=self.most)
        before, after = ({bullet.id: bullet.text for bullet in notes} for notes in (bullets, curated))
        if before == after:
            # Counts alone change no behaviour, and would have to be measured.
            return [refused(request, UNCHANGED, "\n".join(lessons.items))]
        added, gone = len(after.keys() - before.keys()), len(before.keys() - after.keys())
        corrected = sum(before.get(name, text) != text for name, text in after.items())
        program = request.parents[0].program.replace(with_playbook(prompt, curated))
        why = f"{added} notes added, {corrected} corrected, {gone} taken out, from {len(failed)} failed runs"
        return [Proposal(program=program, rationale=why)]


def _delta(request: Request, entry: str) -> Delta:
    """`section | text`, or `id | text` for a correction; without a bar, a note of no section."""
    text = with_literal_fields(request, entry)
    match = _ENTRY.match(text)
    if match is None:
        return Delta(text=text)
    return Delta(text=match["text"], id=match["id"] or "", section=(match["section"] or DEFAULT_SECTION).strip(" #*"))


def _ids(blocks: Iterable[str]) -> list[str]:
    return [name for block in blocks for name in _NOTE_ID.findall(block)]
