"""A program that routes each input to the prompt a log of runs favors (Prompt-OIRL, Automatic Prompt Selection)."""

from __future__ import annotations

from collections.abc import Sequence

from ...core.program import Program
from ...core.protocols import NEEDS_NOTHING, Team
from ...core.routing import Router
from ...core.search_types import Proposal, Request
from ..algorithms.offline_scorer import fit_offline_scorer


class SelectByLog:
    """The parents' prompts behind a learned router; makes no model calls.

    The order's option `log` maps candidate → train example → score. There is no proposal for fewer than two prompts,
    for parents with several prompts, or where the target is not a chat model, since nothing would route.
    """

    name = "select-by-log"
    needs = NEEDS_NOTHING
    calls = 0

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        log = request.order.options.get("log", {})
        logged = [
            candidate for candidate in request.parents if candidate.id in log and len(candidate.program.prompts) == 1
        ]
        if len(logged) < 2 or not request.task.chat:
            return []
        names = {candidate.id: f"prompt-{place:02d}" for place, candidate in enumerate(logged, 1)}
        texts = {row: example.text for row, example in request.examples.items()}
        scorer = fit_offline_scorer({names[candidate.id]: log[candidate.id] for candidate in logged}, texts)
        program = Program(
            prompts={names[candidate.id]: candidate.program.main for candidate in logged},
            router=Router(kind="learned", scorer=scorer),
        )
        return [Proposal(program=program, rationale=f"of {len(logged)} prompts the one a log promises most of")]
