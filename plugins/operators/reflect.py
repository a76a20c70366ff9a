"""GEPA (arXiv 2507.19457): one reflection on a minibatch of runs, with inputs, outputs and feedback in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ...core.contracts import Need, Proposal, Request, Team
from ...core.dialogue.reflecting import Reflect as Ask
from .rewording import CALLS_PER_ASK, about, distinct, hints_of, instruction_of, reworded


@dataclass(kw_only=True)
class Reflect:
    """cases: runs shown at most, the failed ones first; successes show what must stay. A minibatch without a failure
    teaches nothing: no proposal."""

    cases: int = 6
    name: str = field(default="reflect", init=False)
    needs: frozenset[Need] = field(default=frozenset({"train"}), init=False)
    calls: int = field(default=CALLS_PER_ASK, init=False)

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        if not request.failures:
            return []
        failed = request.rng.sample(request.failures, min(self.cases, len(request.failures)))
        right = request.rng.sample(request.successes, min(self.cases - len(failed), len(request.successes)))
        ask = Ask(
            task=about(request.task),
            prompt=instruction_of(request),
            cases=(*failed, *right),
            hints=hints_of(request),
        )
        reply = await team.act(ask)
        why = f"after a look at {len(failed)} failed and {len(right)} right runs"
        return distinct([reworded(request, reply.prompt, why)] if reply else [])
