"""The same instruction in other words: resampling around a good prompt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...agents.asks.common import ParaphrasePrompt as ParaphraseAsk
from ...core.asks import CALLS_PER_ASK
from ...core.protocols import NEEDS_NOTHING, Team
from ...core.search_types import Proposal, Request
from ..algorithms.llm_helpers import main_instruction, rewrite_with_model


@dataclass(kw_only=True)
class ParaphraseInstruction:
    """Paraphrases the instruction; an empty one gives no proposal.

    Args:
        count: Paraphrases.
    """

    name = "paraphrase"
    needs = NEEDS_NOTHING

    count: int = 2

    @property
    def calls(self) -> int:
        return CALLS_PER_ASK * self.count

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        prompt = main_instruction(request)
        if not prompt.strip():
            return []
        return await rewrite_with_model(request, team, ParaphraseAsk(prompt=prompt), "in other words", count=self.count)
