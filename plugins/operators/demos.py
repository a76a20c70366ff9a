"""Worked examples: which, how many, in what order. Choosing them moves a weak model more than wording does.

Sources: "Teach Better or Show Smarter?" (arXiv 2406.15708) for random sets as a strong baseline; order and label
balance after "Calibrate Before Use" (arXiv 2102.09690) and "Fantastically Ordered Prompts" (arXiv 2104.08786).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import TypeVar

from ...core.answer import normalize_answer
from ...core.candidate import Candidate
from ...core.dataset import Example
from ...core.prompt import Demo, Placement, Prompt
from ...core.protocols import Need, Team
from ...core.search_types import Proposal, Request

T = TypeVar("T")
_TRAIN: frozenset[Need] = frozenset({"train"})


@dataclass(kw_only=True)
class RandomDemos:
    """New random sets.

    shots: the sizes to draw from. balanced: as many of each label as can be, in mixed order. placements: where the
    instruction may stand, drawn too; empty keeps the parent's. Of several sets in one order, sizes and placements are
    dealt like cards, so that none is met by chance alone.
    """

    name: str = field(default="demos", init=False)
    needs: frozenset[Need] = field(default=_TRAIN, init=False)
    calls: int = field(default=0, init=False)
    shots: Sequence[int] = (8,)
    balanced: bool = False
    placements: Sequence[Placement] = ()

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        parent, made = request.parents[0], []
        style = parent.program.main.format
        sizes, places = (
            _shuffled_cycle(self.shots, request.rng),
            _shuffled_cycle(self.placements or [style.placement], request.rng),
        )
        for _ in range(request.order.count):
            size, placed = min(next(sizes), len(request.train)), next(places)
            rows = self._draw(request.train, size, request.rng)
            proposal = with_demos(parent, [demo_of(row) for row in rows], f"{size} random demos")
            prompt = proposal.program.main.with_(format=style.model_copy(update={"placement": placed}))
            made.append(proposal.model_copy(update={"program": parent.program.replace(prompt)}))
        return made

    def _draw(self, train: Sequence[Example], size: int, rng: Random) -> list[Example]:
        if not self.balanced:
            return rng.sample(list(train), size)
        return balanced_sample(train, size, rng)


def _shuffled_cycle(cards: Sequence[T], rng: Random) -> Iterator[T]:
    """The cards in mixed order, again and again."""
    while True:
        yield from rng.sample(list(cards), len(cards))


@dataclass(kw_only=True)
class DemoSwap:
    """Some demos of the parent exchanged for others. swaps: how many, at most half of them."""

    name: str = field(default="demo-swap", init=False)
    needs: frozenset[Need] = field(default=_TRAIN, init=False)
    calls: int = field(default=0, init=False)
    swaps: int = 2

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        parent, rng = request.parents[0], request.rng
        demos = list(parent.program.main.demos)
        shown = {demo.source for demo in demos}
        fresh = [row for row in request.train if row.id not in shown]
        made: list[Proposal] = []
        for _ in range(request.order.count):
            count = min(max(1, len(demos) // 2), self.swaps, len(fresh))
            if not demos or not count:
                return made
            changed = list(demos)
            for place, row in zip(rng.sample(range(len(demos)), count), rng.sample(fresh, count), strict=True):
                changed[place] = demo_of(row)
            made.append(with_demos(parent, changed, f"{count} of {len(demos)} demos exchanged"))
        return made


@dataclass(kw_only=True)
class DemoOrder:
    """The parent's demos in another order; the last ones weigh most with small models."""

    name: str = field(default="demo-order", init=False)
    needs: frozenset[Need] = field(default=frozenset(), init=False)
    calls: int = field(default=0, init=False)

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        parent, made = request.parents[0], []
        demos = list(parent.program.main.demos)
        if len(demos) < 2:
            return []
        for _ in range(request.order.count):
            changed = list(demos)
            request.rng.shuffle(changed)
            made.append(with_demos(parent, changed, "the same demos in another order"))
        return made


@dataclass(kw_only=True)
class DemoCount:
    """A demo more or fewer, or a joint set of two parents. most: the largest set."""

    name: str = field(default="demo-count", init=False)
    needs: frozenset[Need] = field(default=_TRAIN, init=False)
    calls: int = field(default=0, init=False)
    most: int = 12

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        parent, rng, made = request.parents[0], request.rng, list[Proposal]()
        demos = list(parent.program.main.demos)
        shown = {demo.source for demo in demos}
        fresh = [row for row in request.train if row.id not in shown]
        for _ in range(request.order.count):
            changed = list(demos)
            if rng.random() < 0.6 and len(changed) < self.most and fresh:
                for row in rng.sample(fresh, min(2, len(fresh))):
                    changed.insert(rng.randint(0, len(changed)), demo_of(row))
            elif len(changed) > 2:
                changed.pop(rng.randrange(len(changed)))
            made.append(with_demos(parent, changed[: self.most], f"{len(changed)} demos instead of {len(demos)}"))
        return made


def demo_of(row: Example) -> Demo:
    return Demo(input=row.text, output=row.output or "", source=row.id)


def balanced_sample(train: Sequence[Example], size: int, rng: Random) -> list[Example]:
    """Round robin over the distinct outputs, then shuffled. Open answers are all distinct: a plain sample."""
    rows = rng.sample(list(train), len(train))
    groups: dict[str, list[Example]] = {}
    for row in rows:
        groups.setdefault(normalize_answer(row.output or ""), []).append(row)
    order, drawn = sorted(groups), list[Example]()
    rng.shuffle(order)
    while len(drawn) < size:
        for name in order:
            if groups[name] and len(drawn) < size:
                drawn.append(groups[name].pop())
    rng.shuffle(drawn)
    return drawn


def with_demos(parent: Candidate, demos: Sequence[Demo], rationale: str) -> Proposal:
    prompt: Prompt = parent.program.main.with_(demos=tuple(demos))
    return Proposal(program=parent.program.replace(prompt), rationale=rationale)
