"""Negative flips: examples that were right with the start and are wrong with the winner."""

from __future__ import annotations

from collections import Counter

from ...core.measures import DeclaredCalls, Figure, MeasureBench, MeasureSubject, Reading
from ...core.protocols import Need
from ...core.score import Evaluation
from ...core.stats.intervals import Interval, interval_from_sums
from ...core.stats.tests import mcnemar_p_value

RIGHT = 0.5
"""A score of at least this is right; graded scores are cut there."""


class NegativeFlips:
    """Counts what an update breaks, which the mean hides (Yan et al., arXiv 2011.09161).

    NFR = |{i: start right on i, winner wrong on i}| / n, with Wilson's interval. `relative to chance` divides it by
    (accuracy of the start) · (error of the winner): what two independent prompts of these accuracies would have. The
    p-value of gains against losses is the exact McNemar test's. Two runs of each example.
    """

    name = "negative-flips"
    needs: frozenset[Need] = frozenset({"references", "baseline"})

    def calls(self, subject: MeasureSubject) -> DeclaredCalls:
        return DeclaredCalls(runs=2 * len(subject.examples))

    async def measure(self, subject: MeasureSubject, bench: MeasureBench) -> Reading:
        assert subject.baseline is not None
        rows, n = subject.examples, len(subject.examples)
        before = await bench.evaluate([(subject.baseline, row) for row in rows])
        after = await bench.evaluate([(subject.program, row) for row in rows])
        flips = Counter(_flip(first, second) for first, second in zip(before, after, strict=True))
        negative, positive = flips["negative"], flips["positive"]
        rate = share(negative, n)
        start_right = negative + flips["right"]
        winner_wrong = negative + flips["wrong"]
        expected = start_right * winner_wrong / n**2
        p = mcnemar_p_value(positive, negative)
        figures = [
            Figure.of("flips", rate),
            Figure.of("positive flips", share(positive, n)),
            Figure(name="p", value=p),
        ]
        if expected:
            figures.append(Figure(name="relative to chance", value=rate.value / expected))
        broken = [
            (row.id, row.text[:120], first.answer or first.output[:60], second.answer or second.output[:60])
            for row, first, second in zip(rows, before, after, strict=True)
            if _flip(first, second) == "negative"
        ]
        return Reading(
            figures=tuple(figures),
            verdict=f"{negative} of {n} examples were right with the start and are wrong now; {positive} were repaired",
            advice="read the broken examples before you deploy: each is an answer that users had" if negative else "",
            columns=("example", "input", "start", "winner"),
            rows=tuple(broken),
        )


def share(count: int, n: int) -> Interval:
    """A share with Wilson's interval."""
    low, high = interval_from_sums(n, float(count), float(count))
    return Interval(value=count / n, low=low, high=high)


def _flip(before: Evaluation, after: Evaluation) -> str:
    first, second = before.score >= RIGHT, after.score >= RIGHT
    if first == second:
        return "right" if first else "wrong"
    return "negative" if first else "positive"
