"""Demos chosen by similarity: to the failures, or as diverse as possible."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal

from ...core.prompt import Demo
from ...core.protocols import NEEDS_TRAIN, Team
from ...core.search_types import Proposal, Request
from ...core.tfidf import SparseVector, TfidfSpace, cosine
from ..algorithms.demo_sets import demos_with_reasoning, with_demos


@dataclass(kw_only=True)
class DemoSelect:
    """Sets of train examples, with the first parent's reasoning where it was right.

    Args:
        by: `similar` takes the examples nearest to the first parent's failures (one failure after another, each example
            once; without failures no proposal), the nearest last, where a demo weighs most. `diverse` begins with a
            random example and adds the one least similar to those chosen.
        shots: Size of a set.
        sets: Sets, unless the order asks for more.
    """

    name = "demo-select"
    needs = NEEDS_TRAIN
    calls = 0

    by: Literal["similar", "diverse"] = "similar"
    shots: int = 4
    sets: int = 1

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        shots = demos_with_reasoning(request)
        space = TfidfSpace([demo.input for demo in shots])
        vectors = {demo.input: space.vector(demo.input) for demo in shots}
        proposals: dict[str, Proposal] = {}
        for _ in range(max(self.sets, request.order.count)):
            if self.by == "similar":
                wrong = [case.input for case in request.failures]
                aims = [space.vector(text) for text in request.rng.sample(wrong, len(wrong))]
                chosen = _nearest(shots, vectors, aims, self.shots)
                rationale = f"{len(chosen)} demos similar to failures"
            else:
                chosen = _most_diverse(shots, vectors, self.shots, request.rng)
                rationale = f"{len(chosen)} diverse demos"
            if chosen:
                proposal = with_demos(request.parents[0], chosen, rationale)
                proposals.setdefault(proposal.program.id, proposal)
        return list(proposals.values())


def _nearest(
    shots: Sequence[Demo], vectors: dict[str, SparseVector], aims: Sequence[SparseVector], size: int
) -> list[Demo]:
    """The example nearest to each aim in turn; a failure's own example is the nearest, and shows the right answer."""
    remaining, chosen = list(shots), list[Demo]()
    while aims and remaining and len(chosen) < size:
        aim = aims[len(chosen) % len(aims)]
        best = max(remaining, key=lambda demo: cosine(vectors[demo.input], aim))
        remaining.remove(best)
        chosen.append(best)
    return chosen[::-1]


def _most_diverse(shots: Sequence[Demo], vectors: dict[str, SparseVector], size: int, rng: Random) -> list[Demo]:
    remaining, chosen = list(shots), list[Demo]()
    while remaining and len(chosen) < size:
        if not chosen:
            best = rng.choice(remaining)
        else:
            best = min(
                remaining, key=lambda demo: max(cosine(vectors[demo.input], vectors[other.input]) for other in chosen)
            )
        remaining.remove(best)
        chosen.append(best)
    return chosen
