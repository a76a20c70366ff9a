"""GEPA (arXiv 2507.19457): one reflection on a minibatch of runs, with inputs, outputs and feedback in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ...core.contracts import Need, Team
from ...core.dialogue.reflecting import Reflect as Ask
from ...core.orders import Proposal, Request
from .rewording import CALLS_PER_ASK, about, hints_of, instruction_of, redrafted, sampled


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
        failed = sampled(request.failures, self.cases, request.rng)
        right = sampled(request.successes, self.cases - len(failed), request.rng)
        ask = Ask(
            task=about(request.task),
            prompt=instruction_of(request),
            cases=(*failed, *right),
            hints=hints_of(request),
        )
        why = f"after a look at {len(failed)} failed and {len(right)} right runs"
        return await redrafted(request, team, ask, why)
