"""Demo sets from successful runs of the target model (the bootstrapping of DSPy and MIPRO, arXiv 2406.11695)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...core.protocols import NEEDS_LABELLED_TRAIN, Team
from ...core.search_types import Proposal, Request
from ..algorithms.demo_sets import demos_with_reasoning, with_demos


@dataclass(kw_only=True)
class DemoBootstrap:
    """One proposal per demo set, with the parent's other parts unchanged.

    Examples that the first parent got right come first, with its reasoning where it gave some; other train examples
    fill up. The order has to name `cases`, or the parent has to have been run on train before; otherwise all demos are
    plain examples.

    Args:
        sets: Number of sets, where the order does not ask for more.
        shots: Set sizes to draw from; 0 proposes nothing.
        plain: Number of sets that are drawn from all examples, without reasoning.
    """

    name = "demo-bootstrap"
    needs = NEEDS_LABELLED_TRAIN
    calls = 0

    sets: int = 1
    shots: Sequence[int] = (4,)
    plain: int = 0

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        rng, right = request.rng, {case.input for case in request.successes}
        shots = demos_with_reasoning(request)
        proposals: dict[str, Proposal] = {}
        for number in range(max(self.sets, request.order.count)):
            size = min(rng.choice(list(self.shots)), len(shots))
            shuffled = rng.sample(shots, len(shots))
            if number < self.plain:
                demos = [demo.model_copy(update={"rationale": None}) for demo in shuffled[:size]]
            else:
                demos = sorted(shuffled, key=lambda demo: demo.input not in right)[:size]
                rng.shuffle(demos)
            own = sum(demo.input in right for demo in demos)
            if demos:
                rationale = f"{len(demos)} demos, {own} of them answered correctly by the parent"
                proposal = with_demos(request.parents[0], demos, rationale)
                proposals.setdefault(proposal.program.id, proposal)
        return list(proposals.values())
