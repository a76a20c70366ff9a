"""Balance: demos shift a weak model towards one label on all inputs ("Calibrate Before Use", arXiv 2102.09690)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from ...core.answer import bare
from ...core.contracts import Need, Proposal, Request, Team
from ...core.example import Example
from ...core.prompt import Demo
from .demos import demo_of, with_demos

_MOVES_PER_GAP = 4.0


@dataclass(kw_only=True)
class LabelBalance:
    """Push the answers towards the labels that the parent gives too seldom.

    A demo set shifts a weak model towards one label on every input; what it gives too seldom is known from counts
    alone (`request.answers`, no rows). A demo of an over-given label is exchanged for one of an under-given label,
    or one of an under-given label moves to the end, where it weighs most.
    """

    name: str = field(default="label-balance", init=False)
    needs: frozenset[Need] = field(default=frozenset({"train"}), init=False)
    calls: int = field(default=0, init=False)

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        parent, rng, made = request.parents[0], request.rng, []
        gap = {label: want - got for label, (got, want) in request.answers.items()}
        demos = list(parent.program.main.demos)
        if len(gap) < 2 or not demos or max(gap.values()) <= 0:
            return []
        seldom, often = max(gap, key=lambda one: gap[one]), min(gap, key=lambda one: gap[one])
        moves = 1 + int(_MOVES_PER_GAP * gap[seldom])
        for _ in range(request.order.count):
            changed = demos
            for _ in range(rng.randint(1, moves)):
                changed = _shifted(changed, request.train, seldom, often, rng)
            made.append(with_demos(parent, changed, f"answers moved from {often!r} towards {seldom!r}"))
        return made


def _shifted(demos: Sequence[Demo], train: Sequence[Example], seldom: str, often: str, rng: Random) -> list[Demo]:
    changed = list(demos)
    given = [i for i, demo in enumerate(changed) if bare(demo.output) == bare(often)]
    wanted = [i for i, demo in enumerate(changed) if bare(demo.output) == bare(seldom)]
    shown = {demo.source for demo in changed}
    fresh = [row for row in train if bare(row.output or "") == bare(seldom) and row.id not in shown]
    moves = ["exchange"] * bool(given and fresh) + ["last"] * bool(wanted) + ["add"] * bool(fresh)
    match rng.choice(moves or ["shuffle"]):
        case "exchange":
            changed[rng.choice(given)] = demo_of(rng.choice(fresh))
        case "last":
            changed.append(changed.pop(rng.choice(wanted)))
        case "add":
            changed.insert(rng.randint(len(changed) // 2, len(changed)), demo_of(rng.choice(fresh)))
        case _:
            rng.shuffle(changed)
    return changed
