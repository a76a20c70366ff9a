"""FormatSpread: how much of a score is the layout of the prompt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import Field

from ...core.measures import DeclaredCalls, Figure, MeasureBench, MeasureSubject, Reading
from ...core.protocols import NEEDS_REFERENCES, Need
from ...core.stats.intervals import CONFIDENCE, mean_interval
from ...core.stats.spread import paired_spread


@dataclass(kw_only=True)
class FormatSpread:
    """Measures the prompt in several formats that mean the same (Sclar et al., arXiv 2310.11324).

    spread = max - min over formats of the mean score on the same examples. The paper reports it as it is; the extremes
    of k noisy means lie apart by luck alone, so the interval holds for every pair of formats at once (Bonferroni), and
    the p-value permutes the formats within each example. `by luck` is the spread that such permutations have on
    average. `place` is the prompt's own rank among the formats, 1 for the best. Runs: formats × examples.

    Args:
        formats: The number of formats, the prompt's own among them.
    """

    name = "format-spread"
    needs: ClassVar[frozenset[Need]] = NEEDS_REFERENCES

    formats: Annotated[int, Field(ge=2)] = 10

    def calls(self, subject: MeasureSubject) -> DeclaredCalls:
        return DeclaredCalls(runs=self.formats * len(subject.examples))

    async def measure(self, subject: MeasureSubject, bench: MeasureBench) -> Reading:
        program, rows = subject.program, subject.examples
        variants = await bench.vary_prompt("format", program.main, self.formats - 1)
        programs = [program, *(program.replace(variant.prompt) for variant in variants)]
        names = ["the prompt's own", *(variant.change for variant in variants)]
        evaluations = await bench.evaluate([(variant, row) for variant in programs for row in rows])
        n = len(rows)
        scores = [[item.score for item in evaluations[at * n : at * n + n]] for at in range(len(programs))]
        result = paired_spread(scores, seed=subject.seed) if len(scores) > 1 else None
        if result is None:
            return Reading(
                figures=(Figure(name="spread", value=0.0, low=0.0, high=0.0),),
                verdict="this prompt has no other format: nothing was compared",
            )
        place = 1 + sum(mean > result.means[0] for mean in result.means)
        matters = result.p < 1 - CONFIDENCE
        verdict = (
            f"the format alone moves the score by {result.spread.value:.3f} "
            f"(from {result.means[result.worst]:.3f} to {result.means[result.best]:.3f}); "
            f"luck alone would give {result.expected:.3f}"
            if matters
            else f"no evidence that the format matters: {result.spread.value:.3f} between best and worst of "
            f"{len(scores)}, and luck alone gives {result.expected:.3f}"
        )
        better = matters and result.best != 0
        table = sorted(zip(result.means, names, scores, strict=True), key=lambda line: -line[0])
        intervals = [mean_interval(row) for _, _, row in table]
        return Reading(
            figures=(
                Figure.of("spread", result.spread),
                Figure(name="by luck", value=result.expected),
                Figure(name="p", value=result.p),
                Figure(name="place", value=place),
            ),
            verdict=verdict,
            advice=f"compare the format {names[result.best]} on other examples" if better else "",
            columns=("format", "score", "low", "high"),
            rows=tuple(
                (name, round(mean, 4), round(interval.low, 4), round(interval.high, 4))
                for (mean, name, _), interval in zip(table, intervals, strict=True)
            ),
        )
