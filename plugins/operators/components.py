"""Instructions built from a corpus of components (after SPRIG, arXiv 2410.14826)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources

from ...core.contracts import Need, Proposal, Request, Team

_FILE = "components.v1.txt"


@cache
def corpus() -> tuple[str, ...]:
    """One component a line; lines that begin with # are comments."""
    text = (resources.files(__package__) / _FILE).read_text(encoding="utf-8")
    return tuple(line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#"))


@dataclass(kw_only=True)
class Components:
    """Add a component to the instruction, drop one that is there, or exchange it. most: how many may stand at once."""

    name: str = field(default="components", init=False)
    needs: frozenset[Need] = field(default=frozenset(), init=False)
    calls: int = field(default=0, init=False)
    most: int = 2

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        parent, rng, made = request.parents[0], request.rng, []
        prompt = parent.program.main
        there = [one for one in prompt.principles if one in corpus()]
        absent = [one for one in corpus() if one not in there]
        for _ in range(request.order.count):
            kept = list(prompt.principles)
            if there and (len(there) >= self.most or rng.random() < 0.4):
                kept.remove(rng.choice(there))
            added = rng.choice(absent) if not there or rng.random() < 0.6 else ""
            principles = tuple([*kept, added] if added else kept)
            if principles != prompt.principles:
                changed = prompt.with_(principles=principles)
                said = f"added: {added}" if added else "a component dropped"
                made.append(Proposal(program=parent.program.replace(changed), rationale=said))
        return made
