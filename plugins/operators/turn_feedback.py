"""Feedback on turns and experience replay (prompt reinforcing for multi-turn dialogues, arXiv 2510.05921)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...agents.asks.replies import ItemsReply, PromptReply
from ...core.asks import CALLS_PER_ASK, Ask, Case, ScoredPrompt
from ...core.protocols import NEEDS_TRAIN, Team
from ...core.search_types import Proposal, Request
from ..algorithms.llm_helpers import (
    gather_all,
    main_instruction,
    rewrite_with_model,
    sample_items,
    task_description,
    user_guidance,
)


class JudgeTurns(Ask[ItemsReply]):
    """Give feedback on single turns of one episode: which turn decided its end, and what to do instead."""

    role = "critic"
    skill = "turns"
    reply = ItemsReply
    reads = {"episode": "errors"}
    task: str
    prompt: str
    episode: tuple[Case, ...] = ()
    count: int = 2


class ReplayFeedback(Ask[PromptReply]):
    """Write a prompt from feedback on turns and from experience: earlier feedback with the scores it led to."""

    role = "student"
    skill = "replay"
    reply = PromptReply
    reads = {"feedback": "errors", "experience": "history", "hints": "hints"}
    task: str
    prompt: str
    feedback: tuple[str, ...] = ()
    experience: tuple[ScoredPrompt, ...] = ()
    hints: tuple[str, ...] = ()


@dataclass(kw_only=True)
class TurnFeedback:
    """A critic says which turns decided failed episodes; a student rewrites the prompt from that and from experience.

    Experience is earlier feedback with the score of the prompt it led to, sampled from all that was tried. A run of one
    call is an episode of one turn.

    Args:
        episodes: Episodes per order.
        turns: Feedback per episode at most.
        experience: Earlier edits shown, good and bad.
    """

    name = "turns"
    needs = NEEDS_TRAIN

    episodes: int = 3
    turns: int = 2
    experience: int = 4

    @property
    def calls(self) -> int:
        return CALLS_PER_ASK * (self.episodes + 1)

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        if not request.failures:
            return []
        task, prompt = task_description(request.task), main_instruction(request)
        episodes = sample_items(request.failures, self.episodes, request.rng)
        replayed = self._scored_edits(request)
        judged = await gather_all(
            team.act(JudgeTurns(task=task, prompt=prompt, episode=(case,), count=self.turns)) for case in episodes
        )
        feedback = [item for reply in judged if reply is not None for item in reply.items[: self.turns]]
        feedback = feedback or [case.feedback for case in episodes if case.feedback]
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
        """Edits on the way to the parent and among the run's best, each once, worst first."""
        candidates = {candidate.id: candidate for candidate in (*request.ancestors, *request.parents, *request.peers)}
        edits = [
            ScoredPrompt(prompt=candidate.rationale, score=request.scores[candidate.id])
            for candidate in candidates.values()
            if candidate.parents and candidate.rationale and candidate.id in request.scores
        ]
        sampled = sample_items(edits, self.experience, request.rng)
        return tuple(sorted(sampled, key=lambda past: past.score))
