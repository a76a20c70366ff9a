"""One edit with the failures in view and no reason named: the cheapest step that looks at evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ...core.contracts import Need, Team
from ...core.dialogue.methods import EditPrompt
from ...core.orders import Proposal, Request
from .rewording import CALLS_PER_ASK, about, hints_of, instruction_of, redrafted, sampled


@dataclass(kw_only=True)
class Rewrite:
    """errors: failures shown, at most. count: draws. With neither failures nor hints there is nothing to go by."""

    errors: int = 4
    count: int = 1
    name: str = field(default="rewrite", init=False)
    needs: frozenset[Need] = field(default=frozenset({"train"}), init=False)
    calls: int = field(init=False)

    def __post_init__(self) -> None:
        self.calls = CALLS_PER_ASK * self.count

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        hints = hints_of(request)
        shown = sampled(request.failures, self.errors, request.rng)
        if not shown and not hints:
            return []
        ask = EditPrompt(
            task=about(request.task), prompt=instruction_of(request), reason="", failures=shown, hints=hints
        )
        why = f"rewritten with {len(shown)} failures in view" if shown else "rewritten as the user wished"
        return await redrafted(request, team, ask, why, count=self.count)
