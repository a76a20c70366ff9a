"""Feedback on turns, and experience replayed (prompt reinforcing for dialogues of several turns, arXiv 2510.05921)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ...agents.asks.episodes import JudgeTurns, ReplayFeedback
from ...core.asks import ScoredPrompt
from ...core.protocols import Need, Team
from ...core.search_types import Proposal, Request
from ..algorithms.llm_helpers import (
    CALLS_PER_ASK,
    gather_all,
    main_instruction,
    rewrite_with_model,
    sample_items,
    task_description,
    user_guidance,
)


@dataclass(kw_only=True)
class TurnFeedback:
    """A critic looks at failed episodes one by one and says which turns decided them; a student rewrites the prompt by
    that and by experience: earlier feedback with the score of the prompt it led to, drawn from all that was tried.

    episodes: looked at in an order. turns: feedback on each at most. experience: earlier edits shown, good and bad.
    A run of one call is an episode of one turn.
    """

    episodes: int = 3
    turns: int = 2
    experience: int = 4
    name: str = field(default="turns", init=False)
    needs: frozenset[Need] = field(default=frozenset({"train"}), init=False)
    calls: int = field(init=False)

    def __post_init__(self) -> None:
        self.calls = CALLS_PER_ASK * (self.episodes + 1)

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        if not request.failures:
            return []
        task, prompt = task_description(request.task), main_instruction(request)
        shown = sample_items(request.failures, self.episodes, request.rng)
        replayed = self._scored_edits(request)
        judged = await gather_all(
            team.act(JudgeTurns(task=task, prompt=prompt, episode=(case,), count=self.turns)) for case in shown
        )
        feedback = [item for reply in judged if reply is not None for item in reply.items[: self.turns]]
        feedback = feedback or [case.feedback for case in shown if case.feedback]
        if not feedback:
            return []
        ask = ReplayFeedback(
            task=task,
            prompt=prompt,
            feedback=tuple(feedback),
            experience=replayed,
            hints=user_guidance(request),
        )
        return await rewrite_with_model(request, team, ask, " ".join(feedback)[:600])

    def _scored_edits(self, request: Request) -> tuple[ScoredPrompt, ...]:
        """Edits on the way to the parent and of the run's best, each once, worst first."""
        known = {one.id: one for one in (*request.ancestors, *request.parents, *request.peers)}
        edits = [
            ScoredPrompt(prompt=one.rationale, score=request.scores[one.id])
            for one in known.values()
            if one.parents and one.rationale and one.id in request.scores
        ]
        drawn = sample_items(edits, self.experience, request.rng)
        return tuple(sorted(drawn, key=lambda past: past.score))
