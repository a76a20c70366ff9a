"""A person as the judge of two outputs: the graph waits for the verdict, wherever it is given."""

from __future__ import annotations

from dataclasses import dataclass, field

from ...core.dataset import Example
from ...core.errors import NeedsError
from ...core.models import Output
from ...core.protocols import Need, Team
from ...core.score import Preference
from ...core.search_types import TaskBrief


@dataclass(kw_only=True)
class HumanJudge:
    """Duels wait for `maieutic duel RUN`, the TUI, the directive `prefer`, or an answer to the graph's interrupt.

    Nobody is asked about outputs that say the same: that is a tie. A person cannot be called like a model, so `prefer`
    answers only those.
    """

    name: str = field(default="person", init=False)
    needs: frozenset[Need] = field(default=frozenset({"human"}), init=False)
    calls: int = field(default=0, init=False)

    async def prefer(self, example: Example, a: Output, b: Output, *, task: TaskBrief, team: Team) -> Preference:
        if a.text.strip() == b.text.strip():
            return Preference(margin=0.0, feedback="both say the same")
        raise NeedsError(
            "a person's verdict is waited for, and cannot be called for",
            where="judge person",
            remedy="run it in Maieutic's graph, or name the judge that asks a model: judge",
        )
