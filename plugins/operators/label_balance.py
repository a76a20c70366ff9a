"""Balance: demos shift a weak model towards one label on all inputs ("Calibrate Before Use", arXiv 2102.09690), or
towards one place in the input where answers are copied from it (arXiv 2308.11483)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from ...core.answer import normalize_answer
from ...core.prompt import Demo
from ...core.protocols import Need, Team
from ...core.search_types import Proposal, Request
from ...core.stats.answer_classes import AnswerClassifier, LabelClassifier, position_of
from .demos import demo_of, with_demos

_MOVES_PER_GAP = 4.0


@dataclass(kw_only=True)
class LabelBalance:
    """Push the answers towards the labels that the parent gives too seldom.

    A demo set shifts a weak model towards one label on every input; what it gives too seldom is known from counts
    alone (`request.answers`, no rows). A demo of an over-given label is exchanged for one of an under-given label,
    or one of an under-given label moves to the end, where it weighs most. Where answers are copied from the input,
    the half of it that they stand in takes the place of the label (`request.places`).
    """

    name: str = field(default="label-balance", init=False)
    needs: frozenset[Need] = field(default=frozenset({"train"}), init=False)
    calls: int = field(default=0, init=False)

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        parent, rng, made = request.parents[0], request.rng, []
        gap = {one: want - got for one, (got, want) in (request.answers or request.places).items()}
        kind: AnswerClassifier = (
            LabelClassifier(frozenset(map(normalize_answer, request.answers))) if request.answers else position_of
        )
        demos = list(parent.program.main.demos)
        if len(gap) < 2 or not demos or max(gap.values()) <= 0:
            return []
        seldom, often = max(gap, key=lambda one: gap[one]), min(gap, key=lambda one: gap[one])
        pool = [demo_of(row) for row in request.train]
        under, over = (
            [demo for demo in [*demos, *pool] if kind(demo.input, demo.output) == normalize_answer(one)]
            for one in (seldom, often)
        )
        moves = 1 + int(_MOVES_PER_GAP * gap[seldom])
        for _ in range(request.order.count):
            changed = demos
            for _ in range(rng.randint(1, moves)):
                changed = _shift_labels(changed, under, over, rng)
            made.append(with_demos(parent, changed, f"answers moved from {often!r} towards {seldom!r}"))
        return made


def _shift_labels(demos: Sequence[Demo], under: Sequence[Demo], over: Sequence[Demo], rng: Random) -> list[Demo]:
    """One step away from what is shown of `over`, towards `under`."""
    changed = list(demos)
    shown = {demo.source for demo in changed}
    given = [i for i, demo in enumerate(changed) if demo in over]
    wanted = [i for i, demo in enumerate(changed) if demo in under]
    fresh = [demo for demo in under if demo.source not in shown]
    moves = ["exchange"] * bool(given and fresh) + ["last"] * bool(wanted) + ["add"] * bool(fresh)
    match rng.choice(moves or ["shuffle"]):
        case "exchange":
            changed[rng.choice(given)] = rng.choice(fresh)
        case "last":
            changed.append(changed.pop(rng.choice(wanted)))
        case "add":
            changed.insert(rng.randint(len(changed) // 2, len(changed)), rng.choice(fresh))
        case _:
            rng.shuffle(changed)
    return changed
