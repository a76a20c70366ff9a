"""Few-shot examples: which, how many, in what order. Choosing them moves a weak model more than wording does.

Sources: "Teach Better or Show Smarter?" (arXiv 2406.15708) for random sets as a strong baseline; order and label
balance after "Calibrate Before Use" (arXiv 2102.09690) and "Fantastically Ordered Prompts" (arXiv 2104.08786).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import TypeVar

from ...core.dataset import Example
from ...core.prompt import Placement
from ...core.protocols import NEEDS_NOTHING, NEEDS_TRAIN, Team
from ...core.search_types import Proposal, Request
from ..algorithms.demo_sets import balanced_sample, demo_of, with_demos
from ..algorithms.instruction_placement import placed_once

T = TypeVar("T")
# More demos help more often than fewer.
_GROW_PROBABILITY = 0.6


@dataclass(kw_only=True)
class RandomDemos:
    """Random demo sets.

    Several sets of one order cycle through shuffled sizes and placements, so that each value comes up.

    Args:
        shots: Set sizes to draw from.
        balanced: Equal numbers per label, in mixed order.
        placements: Placements of the instruction to draw from; empty keeps the parent's.
    """

    name = "demos"
    needs = NEEDS_TRAIN
    calls = 0

    shots: Sequence[int] = (8,)
    balanced: bool = False
    placements: Sequence[Placement] = ()

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        parent, proposals = request.parents[0], []
        style = parent.program.main.format
        sizes, placements = (
            _shuffled_cycle(self.shots, request.rng),
            _shuffled_cycle(self.placements or [style.placement], request.rng),
        )
        for _ in range(request.order.count):
            size, placement = min(next(sizes), len(request.train)), next(placements)
            rows = self._draw(request.train, size, request.rng)
            proposal = with_demos(parent, [demo_of(row) for row in rows], f"{size} random demos")
            prompt = proposal.program.main.with_(format=style.model_copy(update={"placement": placement}))
            proposals.append(proposal.model_copy(update={"program": parent.program.replace(placed_once(prompt))}))
        return proposals

    def _draw(self, train: Sequence[Example], size: int, rng: Random) -> list[Example]:
        if not self.balanced:
            return rng.sample(list(train), size)
        return balanced_sample(train, size, rng)


def _shuffled_cycle(cards: Sequence[T], rng: Random) -> Iterator[T]:
    """The items in random order, again and again."""
    while True:
        yield from rng.sample(list(cards), len(cards))


@dataclass(kw_only=True)
class DemoSwap:
    """Replaces some demos of the parent by others.

    Args:
        swaps: Demos replaced, at most half of them.
    """

    name = "demo-swap"
    needs = NEEDS_TRAIN
    calls = 0

    swaps: int = 2

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        parent, rng = request.parents[0], request.rng
        demos = list(parent.program.main.demos)
        sources = {demo.source for demo in demos}
        fresh = [row for row in request.train if row.id not in sources]
        proposals: list[Proposal] = []
        for _ in range(request.order.count):
            count = min(max(1, len(demos) // 2), self.swaps, len(fresh))
            if not demos or not count:
                return proposals
            changed = list(demos)
            for index, row in zip(rng.sample(range(len(demos)), count), rng.sample(fresh, count), strict=True):
                changed[index] = demo_of(row)
            proposals.append(with_demos(parent, changed, f"{count} of {len(demos)} demos replaced"))
        return proposals


class DemoOrder:
    """Shuffles the parent's demos; with small models the last ones weigh most."""

    name = "demo-order"
    needs = NEEDS_NOTHING
    calls = 0

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        parent, proposals = request.parents[0], []
        demos = list(parent.program.main.demos)
        if len(demos) < 2:
            return []
        for _ in range(request.order.count):
            changed = list(demos)
            request.rng.shuffle(changed)
            proposals.append(with_demos(parent, changed, "the same demos in another order"))
        return proposals


@dataclass(kw_only=True)
class DemoCount:
    """Adds or removes demos.

    Args:
        most: Largest set.
    """

    name = "demo-count"
    needs = NEEDS_TRAIN
    calls = 0

    most: int = 12

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        parent, rng, proposals = request.parents[0], request.rng, list[Proposal]()
        demos = list(parent.program.main.demos)
        sources = {demo.source for demo in demos}
        fresh = [row for row in request.train if row.id not in sources]
        for _ in range(request.order.count):
            changed = list(demos)
            if rng.random() < _GROW_PROBABILITY and len(changed) < self.most and fresh:
                for row in rng.sample(fresh, min(2, len(fresh))):
                    changed.insert(rng.randint(0, len(changed)), demo_of(row))
            elif len(changed) > 2:
                changed.pop(rng.randrange(len(changed)))
            proposals.append(with_demos(parent, changed[: self.most], f"{len(changed)} demos instead of {len(demos)}"))
        return proposals
