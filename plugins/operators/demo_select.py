"""Demos chosen by their likeness: to what goes wrong, or as unlike each other as can be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Literal

from ...core.prompt import Demo
from ...core.protocols import Need, Team
from ...core.search_types import Proposal, Request
from ...core.tfidf import SparseVector, TfidfSpace, cosine
from ..algorithms.demo_sets import demos_with_reasoning
from .demos import with_demos


@dataclass(kw_only=True)
class DemoSelect:
    """Sets of train rows, with the first parent's reasoning where it was right.

    by: `similar` takes the rows nearest to some that the first parent got wrong (one failure after another, each once;
    without failures nothing is proposed), the nearest last, where a demo weighs most; `diverse` begins with a row at
    random and adds the one least like those taken. shots: the size of a set. sets: how many, or as the order asks.
    """

    name: str = field(default="demo-select", init=False)
    needs: frozenset[Need] = field(default=frozenset({"train"}), init=False)
    calls: int = field(default=0, init=False)
    by: Literal["similar", "diverse"] = "similar"
    shots: int = 4
    sets: int = 1

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        shots = demos_with_reasoning(request)
        space = TfidfSpace([demo.input for demo in shots])
        places = {demo.input: space.vector(demo.input) for demo in shots}
        made: dict[str, Proposal] = {}
        for _ in range(max(self.sets, request.order.count)):
            if self.by == "similar":
                wrong = [case.input for case in request.failures]
                aims = [space.vector(text) for text in request.rng.sample(wrong, len(wrong))]
                chosen = _nearest(shots, places, aims, self.shots)
                said = f"{len(chosen)} demos like what went wrong"
            else:
                chosen = _most_diverse(shots, places, self.shots, request.rng)
                said = f"{len(chosen)} demos unlike each other"
            if chosen:
                proposal = with_demos(request.parents[0], chosen, said)
                made.setdefault(proposal.program.id, proposal)
        return list(made.values())


def _nearest(
    shots: Sequence[Demo], places: dict[str, SparseVector], aims: Sequence[SparseVector], size: int
) -> list[Demo]:
    """The row nearest to each aim in turn; a failure's own row is as near as can be, and shows how it is done."""
    left, chosen = list(shots), list[Demo]()
    while aims and left and len(chosen) < size:
        aim = aims[len(chosen) % len(aims)]
        best = max(left, key=lambda demo: cosine(places[demo.input], aim))
        left.remove(best)
        chosen.append(best)
    return chosen[::-1]


def _most_diverse(shots: Sequence[Demo], places: dict[str, SparseVector], size: int, rng: Random) -> list[Demo]:
    left, chosen = list(shots), list[Demo]()
    while left and len(chosen) < size:
        if not chosen:
            best = rng.choice(left)
        else:
            best = min(left, key=lambda demo: max(cosine(places[demo.input], places[one.input]) for one in chosen))
        left.remove(best)
        chosen.append(best)
    return chosen
