"""A prompt put together from slots: the words of one, the demos of another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ...core.contracts import Need, Proposal, Request, Team
from ...core.program import Program


def combined(words: Program, demos: Program) -> Program:
    """The first program with the second one's demos."""
    return words.replace(words.main.with_(demos=demos.main.demos))


@dataclass(kw_only=True)
class Combine:
    """The first parent with the demos of the second."""

    name: str = field(default="combine", init=False)
    needs: frozenset[Need] = field(default=frozenset(), init=False)
    calls: int = field(default=0, init=False)

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        first, second = request.parents[0], request.parents[-1]
        program = combined(first.program, second.program)
        return [Proposal(program=program, rationale=f"{len(program.main.demos)} demos of another under these words")]
