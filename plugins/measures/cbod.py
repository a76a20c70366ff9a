"""C-BOD: whether a prompt leans on the wording of the examples that it was made with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from ...core.dataset import Example
from ...core.measures import Cell, DeclaredCalls, Figure, MeasureBench, MeasureSubject, Reading
from ...core.protocols import Need
from ...core.recipe import PluginRef
from ...core.stats.intervals import CONFIDENCE
from ...core.stats.tests import compare_paired


@dataclass(kw_only=True)
class Chameleon:
    """Measures the same examples in other words, labels kept (C-BOD, Cohen-Inger et al., arXiv 2502.07445).

    For each strength μ: Δ(μ) = mean score on the rephrased inputs - mean score on the originals, paired by example,
    with the exact McNemar test (sign-flip permutation for graded scores). The prompt is overfit to the wording where a
    drop is significant at 0.05 / (number of strengths). The paper's μ is the temperature of a paraphraser; here it is
    how much the paraphraser is asked to change. Calls: (1 + strengths) × examples runs, strengths × examples questions.

    Args:
        strengths: How far the rephrased inputs are from the originals.
    """

    name = "c-bod"
    needs: ClassVar[frozenset[Need]] = frozenset({"references", "optimizer"})

    strengths: Sequence[float] = (0.5, 1.0, 1.5)

    def calls(self, subject: MeasureSubject) -> DeclaredCalls:
        n, strengths = len(subject.examples), len(self.strengths)
        return DeclaredCalls(runs=(1 + strengths) * n, asks=strengths * n)

    async def measure(self, subject: MeasureSubject, bench: MeasureBench) -> Reading:
        program, rows = subject.program, subject.examples
        originals = dict(zip([row.id for row in rows], await bench.scores(program, rows), strict=True))
        figures, table, drops, level = list[Figure](), list[tuple[Cell, ...]](), list[float](), 1 - CONFIDENCE
        for strength in self.strengths:
            perturber = PluginRef(use="rephrase", options={"strength": strength})
            pairs = list[tuple[Example, Example]]()
            for row in rows:
                pairs += [(row, variant.example) for variant in await bench.vary_example(perturber, row, 1)]
            if not pairs:
                continue
            before = [originals[row.id] for row, _ in pairs]
            after = await bench.scores(program, [variant for _, variant in pairs])
            change = compare_paired(before, after, seed=subject.seed)
            figures.append(Figure.of(f"change at {strength:g}", change))
            n, gained = len(pairs), sum(second > first for first, second in zip(before, after, strict=True))
            lost = sum(second < first for first, second in zip(before, after, strict=True))
            table.append((strength, n, round(sum(before) / n, 4), round(sum(after) / n, 4), gained, lost, change.p))
            if change.p < level / len(self.strengths) and change.value < 0:
                drops.append(strength)
        if not figures:
            return Reading(
                figures=(Figure(name="rephrased", value=0.0),),
                verdict="no input could be rephrased: nothing was compared",
                advice="name another optimizer model, one that can paraphrase",
            )
        at = ", ".join(f"{strength:g}" for strength in drops)
        worst = min(figures, key=lambda figure: figure.value)
        return Reading(
            figures=tuple(figures),
            verdict=f"overfit to the wording of the examples: the score drops at strength {at}"
            if drops
            else f"no evidence of overfitting to the wording; the largest change is {worst.value:+.3f}",
            advice="add rephrased examples to train, or ask for the operator paraphrase" if drops else "",
            columns=("strength", "examples", "original", "rephrased", "better", "worse", "p"),
            rows=tuple(table),
        )
