"""Option order: whether answers follow the options, or the places where they stand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import pstdev
from typing import Annotated, ClassVar

from pydantic import Field

from ...core.dataset import Example
from ...core.errors import NeedsError
from ...core.measures import DeclaredCalls, ExampleVariant, Figure, MeasureBench, MeasureSubject, Reading
from ...core.protocols import NEEDS_REFERENCES, Need
from ...core.stats.intervals import CONFIDENCE
from ...core.stats.spread import paired_spread
from ..perturbers.inputs import option_rotations
from .negative_flips import RIGHT, share


@dataclass(kw_only=True)
class OptionOrder:
    """Measures multiple-choice inputs with their options rotated (Zheng et al., arXiv 2309.03882).

    Each example is asked once with the right option in each place. recall(place) is the mean score there; RStd is the
    standard deviation of the recalls, 0 for a prompt that does not look at places. `changed` is the share of examples
    that are right in one order and wrong in another, with Wilson's interval; it is noise as well as bias, so bias is
    claimed only where the recalls differ by the permutation test of `paired_spread`. Runs: places × examples.

    Args:
        orders: The most orders for each example. Examples with fewer options than the first one are left out.
    """

    name = "option-order"
    needs: ClassVar[frozenset[Need]] = NEEDS_REFERENCES

    orders: Annotated[int, Field(ge=2)] = 4

    def calls(self, subject: MeasureSubject) -> DeclaredCalls:
        if not any(option_rotations(row) for row in subject.examples):
            raise NeedsError(
                "no input lists options as lines A. B. C. with a letter as its reference",
                where=subject.task.name,
                remedy="leave the measure option-order out",
            )
        return DeclaredCalls(runs=self.orders * len(subject.examples))

    async def measure(self, subject: MeasureSubject, bench: MeasureBench) -> Reading:
        rows = [row for row in subject.examples if option_rotations(row)]
        places = min(self.orders, len(option_rotations(rows[0])))
        rotated = list[list[Example]]()
        for row in rows:
            variants: Sequence[ExampleVariant] = await bench.vary_example("option-order", row, places - 1)
            if len(variants) == places - 1:
                rotated.append([row, *(variant.example for variant in variants)])
        evaluations = await bench.evaluate([(subject.program, row) for orders in rotated for row in orders])
        by_place: dict[str, list[float]] = {}
        picks: Counter[str] = Counter()
        changed = 0
        for at, orders in enumerate(rotated):
            results = evaluations[at * places : at * places + places]
            scores = [item.score for item in results]
            changed += min(scores) < RIGHT <= max(scores)
            picks.update(item.answer.strip("(). ").upper()[:1] for item in results if item.answer)
            for row, score in zip(orders, scores, strict=True):
                by_place.setdefault(row.outputs[0].strip("(). ").upper(), []).append(score)
        full = {place: scores for place, scores in sorted(by_place.items()) if len(scores) == len(rotated)}
        recalls = {place: sum(scores) / len(scores) for place, scores in sorted(by_place.items())}
        result = paired_spread(list(full.values()), seed=subject.seed) if len(full) > 1 else None
        biased = result is not None and result.p < 1 - CONFIDENCE
        favourite = max(recalls, key=lambda place: recalls[place])
        rate = share(changed, len(rotated))
        total = sum(picks.values()) or 1
        verdict = (
            f"answers follow the place: {recalls[favourite]:.3f} right where the right option is {favourite}, "
            f"{min(recalls.values()):.3f} at worst"
            if biased
            else f"no evidence that the place matters; {changed} of {len(rotated)} examples change with the order"
        )
        return Reading(
            figures=(
                Figure.of("changed", rate),
                Figure(name="RStd", value=pstdev(recalls.values())),
                *([Figure.of("spread", result.spread), Figure(name="p", value=result.p)] if result else []),
            ),
            verdict=verdict,
            advice="vote over orders: format.shuffles asks each input with its options in several orders"
            if biased
            else "",
            columns=("place", "right there", "picked", "share of picks"),
            rows=tuple(
                (place, round(recall, 4), picks[place], round(picks[place] / total, 4))
                for place, recall in recalls.items()
            ),
        )
