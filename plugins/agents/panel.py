"""A role asked several times (self-consistency): what is said most often counts, and of equals what came first."""

from __future__ import annotations

from collections import Counter

from ...core.asks import Ask
from ...core.errors import UsageError
from ...core.protocols import NEEDS_NOTHING, A, Team

_EXPLANATION_FIELDS = {"raw", "why", "suggestion"}


class PanelAgent:
    """voices: how often it is asked, each time another draw. It decides where replies can be alike: verdicts, choices
    and ratings; of texts it takes the first. A voice that cannot be read has no vote."""

    name = "panel"
    needs = NEEDS_NOTHING
    instruction = ""

    def __init__(self, voices: int = 3) -> None:
        if voices < 1:
            raise UsageError(f"a panel of {voices} voices says nothing", where="agent panel", possible=("1 or more",))
        self.voices = voices
        self.calls = 2 * voices

    async def act(self, ask: Ask[A], team: Team) -> A | None:
        said = [reply for _ in range(self.voices) if (reply := await team.act(ask)) is not None]
        if not said:
            return None
        marks = [reply.model_dump_json(exclude=_EXPLANATION_FIELDS) for reply in said]
        count = Counter(marks)
        return said[marks.index(max(marks, key=lambda mark: (count[mark], -marks.index(mark))))]
