"""Attribution: what each part of a prompt contributes to its score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import Field

from ...core.errors import NeedsError
from ...core.measures import DeclaredCalls, Figure, MeasureBench, MeasureSubject, Reading
from ...core.prompt import Prompt
from ...core.protocols import NEEDS_REFERENCES, Need
from ...core.stats.intervals import CONFIDENCE, paired_difference
from ...core.stats.shapley import (
    Coalition,
    coalition_count,
    leave_one_out_coalitions,
    shapley_coalitions,
    shapley_values,
)
from ...core.stats.tests import permutation_p_value
from ..algorithms.segments import Segment, split_segments, without_segment

_TEXT_CHARACTERS = 90
_ROUNDING = 1e-9


@dataclass(frozen=True)
class _Part:
    """A segment of the instruction, a section or a rule; or the demo at a position."""

    label: str
    segment: Segment | None = None
    demo: int = 0


@dataclass(kw_only=True)
class PartAttribution:
    """Shapley values and leave-one-out of the prompt's sentences, sections, rules and demos (arXiv 2404.01332).

    v(S) is the mean score of the prompt with the parts S alone. φ_i is part i's mean marginal contribution over all
    orders of adding parts, or over antithetic pairs of them where there are many parts; leave-one-out is
    v(all) - v(all but i). Intervals are over examples, simultaneous over parts (Bonferroni); a part is said to help or
    harm where its interval excludes 0 and the sign-flip permutation test rejects at the same level. The values sum to
    v(all) - v(none), which is checked. What holds a field of the input always stays. Runs: at most
    min(2^parts, 2·pairs·(parts - 1) + 2 + parts) × examples.

    Args:
        parts: The most parts; neighbours are joined where there are more.
        pairs: Pairs of permutations.
    """

    name = "shapley"
    needs: ClassVar[frozenset[Need]] = NEEDS_REFERENCES

    parts: Annotated[int, Field(ge=2)] = 6
    pairs: Annotated[int, Field(ge=1)] = 4

    def calls(self, subject: MeasureSubject) -> DeclaredCalls:
        count = len(_parts_of(subject.program.main, self.parts))
        if count < 2:
            raise NeedsError("the prompt has one part only: there is nothing to attribute", where=subject.task.name)
        coalitions = min(2**count, coalition_count(count, self.pairs) + count)
        return DeclaredCalls(runs=coalitions * len(subject.examples))

    async def measure(self, subject: MeasureSubject, bench: MeasureBench) -> Reading:
        program, rows = subject.program, subject.examples
        parts = _parts_of(program.main, self.parts)
        orders, coalitions = shapley_coalitions(len(parts), self.pairs, subject.rng("shapley"))
        every = list(dict.fromkeys([*coalitions, *leave_one_out_coalitions(len(parts))]))
        programs = [program.replace(_prompt_of(program.main, parts, coalition)) for coalition in every]
        evaluations = await bench.evaluate([(reduced, row) for reduced in programs for row in rows])
        n = len(rows)
        value = {
            coalition: [item.score for item in evaluations[at * n : at * n + n]] for at, coalition in enumerate(every)
        }
        whole, nothing = value[frozenset(range(len(parts)))], value[frozenset()]
        phi = shapley_values({coalition: value[coalition] for coalition in coalitions}, len(parts), orders)
        level, zeros = 1 - (1 - CONFIDENCE) / len(parts), [0.0] * n
        intervals = [paired_difference(zeros, values, seed=subject.seed, level=level) for values in phi]
        alone = [
            paired_difference(value[rest], whole, seed=subject.seed, level=level)
            for rest in leave_one_out_coalitions(len(parts))
        ]
        gain = paired_difference(nothing, whole, seed=subject.seed)
        gap = abs(sum(interval.value for interval in intervals) - gain.value)
        assert gap < _ROUNDING * max(1, n), f"Shapley values miss their sum by {gap}"
        # Equal values on a handful of examples have an interval of no width, which proves nothing: the test does.
        sure = [permutation_p_value(values, subject.seed) < 1 - level for values in phi]
        helping = [at for at, interval in enumerate(intervals) if sure[at] and interval.low > 0]
        harming = [at for at, interval in enumerate(intervals) if sure[at] and interval.high < 0]
        return Reading(
            figures=(
                Figure.of("all parts", gain),
                *(Figure.of(f"part {at}", interval) for at, interval in enumerate(intervals, 1)),
            ),
            verdict=_verdict(parts, helping, harming),
            advice="leave the harmful parts out and compare" if harming else "",
            columns=("part", "text", "shapley", "low", "high", "left out"),
            rows=tuple(
                (
                    at,
                    part.label,
                    round(interval.value, 4),
                    round(interval.low, 4),
                    round(interval.high, 4),
                    round(single.value, 4),
                )
                for at, (part, interval, single) in enumerate(zip(parts, intervals, alone, strict=True), 1)
            ),
        )


def _verdict(parts: Sequence[_Part], helping: Sequence[int], harming: Sequence[int]) -> str:
    if not helping and not harming:
        return f"no evidence that one of the {len(parts)} parts helps or harms on its own"
    texts = [f"part {at + 1} helps" for at in helping] + [f"part {at + 1} harms" for at in harming]
    return f"{', '.join(texts)}; of the other {len(parts) - len(texts)} nothing can be said"


def _parts_of(prompt: Prompt, most: int) -> list[_Part]:
    """At most so many parts; demos first get what the text leaves of the places, two places at least for the text."""
    demos = min(len(prompt.demos), max(0, most - 2))
    segments = split_segments(prompt, most - demos)
    return [
        *(_Part(" ".join(segment.text.split())[:_TEXT_CHARACTERS], segment) for segment in segments),
        *(_Part(f"demo: {prompt.demos[at].input[:60]}", demo=at) for at in range(demos)),
    ]


def _prompt_of(prompt: Prompt, parts: Sequence[_Part], coalition: Coalition) -> Prompt:
    """The prompt without the parts that are not in the coalition, the last ones first: earlier positions then hold."""
    absent = [part for at, part in enumerate(parts) if at not in coalition]
    gone = {part.demo for part in absent if part.segment is None}
    if gone:
        prompt = prompt.with_(demos=tuple(demo for at, demo in enumerate(prompt.demos) if at not in gone))
    segments = [part.segment for part in absent if part.segment is not None]
    for segment in sorted(segments, key=lambda segment: segment.start, reverse=True):
        prompt = without_segment(prompt, segment)
    return prompt
