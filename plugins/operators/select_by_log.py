"""A program that chooses a prompt for each input by what a log of runs promises (Prompt-OIRL, Automatic Prompt
Selection)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ...core.program import Program
from ...core.protocols import Need, Team
from ...core.routing import Router
from ...core.search_types import Proposal, Request
from ..algorithms.offline_scorer import fit_offline_scorer


@dataclass(kw_only=True)
class SelectByLog:
    """The parents' prompts behind a learned router. The order's option `log` is candidate → train row → score; nobody
    is asked. Fewer than two prompts, or a parent of several prompts, is no choice, and where the target is no chat
    nothing routes."""

    name: str = field(default="select-by-log", init=False)
    needs: frozenset[Need] = field(default=frozenset(), init=False)
    calls: int = field(default=0, init=False)

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        log = request.order.options.get("log", {})
        known = [one for one in request.parents if one.id in log and len(one.program.prompts) == 1]
        if len(known) < 2 or not request.task.chat:
            return []
        names = {one.id: f"prompt-{place:02d}" for place, one in enumerate(known, 1)}
        texts = {row: example.text for row, example in request.examples.items()}
        scorer = fit_offline_scorer({names[one.id]: log[one.id] for one in known}, texts)
        program = Program(
            prompts={names[one.id]: one.program.main for one in known}, router=Router(kind="learned", scorer=scorer)
        )
        return [Proposal(program=program, rationale=f"of {len(known)} prompts the one a log promises most of")]
