"""Corrects label bias: few-shot examples shift a weak model towards one label ("Calibrate Before Use", arXiv
2102.09690), or towards one position in the input where answers are copied from it (arXiv 2308.11483)."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from ...core.label_reader import normalize_answer
from ...core.prompt import Demo
from ...core.protocols import NEEDS_TRAIN, Team
from ...core.search_types import Proposal, Request
from ...core.stats.answer_classes import AnswerClassifier, LabelClassifier, position_of
from ..algorithms.demo_sets import demo_of, with_demos

# A label that is given 25 points too rarely gets one move more.
_MOVES_PER_GAP = 4.0


class LabelBalance:
    """Shifts answers towards the labels that the parent gives too rarely.

    A demo set shifts a weak model towards one label on every input; counts alone show which labels it gives too rarely
    (`request.answers`, no examples). A demo of an over-represented label is replaced by one of an under-represented
    label, or one of an under-represented label moves to the end, where it weighs most. Where answers are copied from
    the input, the half of the input they come from takes the place of the label (`request.places`).
    """

    name = "label-balance"
    needs = NEEDS_TRAIN
    calls = 0

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        parent, rng, proposals = request.parents[0], request.rng, []
        gap = {label: want - got for label, (got, want) in (request.answers or request.places).items()}
        kind: AnswerClassifier = (
            LabelClassifier(frozenset(map(normalize_answer, request.answers))) if request.answers else position_of
        )
        demos = list(parent.program.main.demos)
        if len(gap) < 2 or not demos or max(gap.values()) <= 0:
            return []
        seldom, often = max(gap, key=lambda label: gap[label]), min(gap, key=lambda label: gap[label])
        pool = [demo_of(row) for row in request.train]
        under, over = (
            [demo for demo in [*demos, *pool] if kind(demo.input, demo.output) == normalize_answer(label)]
            for label in (seldom, often)
        )
        moves = 1 + int(_MOVES_PER_GAP * gap[seldom])
        for _ in range(request.order.count):
            changed = demos
            for _ in range(rng.randint(1, moves)):
                changed = _shift_labels(changed, under, over, rng)
            proposals.append(with_demos(parent, changed, f"shifts answers from {often!r} towards {seldom!r}"))
        return proposals


def _shift_labels(demos: Sequence[Demo], under: Sequence[Demo], over: Sequence[Demo], rng: Random) -> list[Demo]:
    """One step: fewer demos of `over`, or more (or later) demos of `under`."""
    changed = list(demos)
    sources = {demo.source for demo in changed}
    over_positions = [i for i, demo in enumerate(changed) if demo in over]
    under_positions = [i for i, demo in enumerate(changed) if demo in under]
    fresh = [demo for demo in under if demo.source not in sources]
    moves = ["exchange"] * bool(over_positions and fresh) + ["last"] * bool(under_positions) + ["add"] * bool(fresh)
    match rng.choice(moves or ["shuffle"]):
        case "exchange":
            changed[rng.choice(over_positions)] = rng.choice(fresh)
        case "last":
            changed.append(changed.pop(rng.choice(under_positions)))
        case "add":
            changed.insert(rng.randint(len(changed) // 2, len(changed)), rng.choice(fresh))
        case _:
            rng.shuffle(changed)
    return changed
