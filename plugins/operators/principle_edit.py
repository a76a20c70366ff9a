"""ConstitutionalExperts (arXiv 2403.04894): a prompt's principles, edited one at a time from wrong predictions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...agents.asks.principles import EditPrinciple, PrincipleReply
from ...core.asks import CALLS_PER_ASK
from ...core.protocols import NEEDS_TRAIN, Team
from ...core.search_types import Proposal, Request
from ..algorithms.llm_helpers import deduplicate, gather_all, main_instruction, task_description, user_guidance


@dataclass(kw_only=True)
class PrincipleEdit:
    """Adds, changes or removes one principle per proposal; everything else stays.

    Without failures there is no proposal.

    Args:
        edits: Proposals per order, each from failures of its own.
        errors: Failures shown for each.
        most: Principles at once.
    """

    name = "principle"
    needs = NEEDS_TRAIN

    edits: int = 3
    errors: int = 3
    most: int = 8

    @property
    def calls(self) -> int:
        return CALLS_PER_ASK * self.edits

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        if not request.failures:
            return []
        prompt, size = request.parents[0].program.main, min(self.errors, len(request.failures))
        groups = [tuple(request.rng.sample(request.failures, size)) for _ in range(self.edits)]
        replies = await gather_all(
            team.act(
                EditPrinciple(
                    task=task_description(request.task),
                    prompt=main_instruction(request),
                    principles=prompt.principles,
                    failures=group,
                    hints=user_guidance(request),
                )
            )
            for group in groups
        )
        return deduplicate(self._edited(request, reply) for reply in replies if reply is not None)

    def _edited(self, request: Request, reply: PrincipleReply) -> Proposal | None:
        """The proposal, or None for an edit that changes nothing or names a missing principle.

        A change while the list is empty counts as an addition.
        """
        program = request.parents[0].program
        now = list(program.main.principles)
        place, text = reply.number - 1, reply.principle
        there = 0 <= place < len(now)
        if reply.edit != "remove" and text.casefold() in {principle.casefold() for principle in now}:
            return None
        if reply.edit == "remove" and there:
            why = f"removed: {now.pop(place)}"
        elif reply.edit == "change" and there:
            why, now[place] = f"changed: {now[place]}", text
        elif reply.edit != "remove" and len(now) < self.most:
            why = f"added: {text}"
            now.append(text)
        else:
            return None
        return Proposal(program=program.replace(program.main.with_(principles=tuple(now))), rationale=why)
