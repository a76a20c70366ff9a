"""Self-consistency: a role is asked several times, and the most frequent reply counts, the first among equals."""

from __future__ import annotations

from collections import Counter

from ...core.asks import Ask
from ...core.errors import UsageError
from ...core.protocols import NEEDS_NOTHING, A, Team

_EXPLANATION_FIELDS = {"raw", "why", "suggestion"}


class PanelAgent:
    """A majority vote for replies that can be equal: verdicts, choices, ratings. Of free texts it takes the first.

    Args:
        voices: The number of draws. A reply that cannot be read has no vote.
    """

    name = "panel"
    needs = NEEDS_NOTHING
    instruction = ""

    def __init__(self, voices: int = 3) -> None:
        if voices < 1:
            raise UsageError(f"voices must be at least 1, got {voices}", where="agent panel", possible=("1 or more",))
        self.voices = voices
        self.calls = 2 * voices

    async def act(self, ask: Ask[A], team: Team) -> A | None:
        replies = [reply for _ in range(self.voices) if (reply := await team.act(ask)) is not None]
        if not replies:
            return None
        keys = [reply.model_dump_json(exclude=_EXPLANATION_FIELDS) for reply in replies]
        count = Counter(keys)
        return replies[keys.index(max(keys, key=lambda key: (count[key], -keys.index(key))))]
