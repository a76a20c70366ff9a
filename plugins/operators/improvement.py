"""One revision of a prompt by what it leaves to chance, with examples in view where there are some."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...agents.asks.replies import PromptReply
from ...agents.parse.blocks import find_tagged
from ...core.asks import CALLS_PER_ASK, Ask, Case
from ...core.protocols import NEEDS_NOTHING, Team
from ...core.search_types import Proposal, Request
from ..algorithms.llm_helpers import deduplicate, main_instruction, sample_items, user_guidance, with_instruction


class RevisePrompt(Ask[PromptReply]):
    """A prompt revised without having been run. `refusal`: why an earlier revision cannot be used."""

    role = "student"
    skill = "improve"
    reply = PromptReply
    reads = {"cases": "rows", "hints": "hints"}
    task: str
    prompt: str
    cases: tuple[Case, ...] = ()
    hints: tuple[str, ...] = ()
    refusal: str = ""


@dataclass(kw_only=True)
class PromptRevision:
    """Revises the prompt without results: `maieutic improve` as an operator. The rationale says what was changed.

    The order's option `refusal` says why an earlier revision could not be used.

    Args:
        cases: Train examples shown at most, unlabelled ones too.
    """

    name = "improve"
    needs = NEEDS_NOTHING
    calls = CALLS_PER_ASK

    cases: int = 12

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        if not main_instruction(request).strip():
            return []
        description, hint = request.task.description.strip(), request.task.answer.hint
        ask = RevisePrompt(
            # Without a description the prompt itself stands for it, and need not be read twice.
            task=" ".join(part for part in (description, hint) if part and part != main_instruction(request)),
            prompt=main_instruction(request),
            cases=tuple(
                Case(input=row.text, expected=row.output or "")
                for row in sample_items(request.train, self.cases, request.rng)
            ),
            hints=user_guidance(request),
            refusal=str(request.order.options.get("refusal", "")),
        )
        reply = await team.act(ask)
        if reply is None:
            return []
        changes = "\n".join(find_tagged(reply.raw, "changes"))
        return deduplicate([with_instruction(request, reply.prompt, changes or "revised without results")])
