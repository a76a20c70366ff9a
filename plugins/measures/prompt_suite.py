"""PromptSuite: the score over many wordings of one prompt, and which part of it the score depends on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean, pstdev
from typing import Annotated, ClassVar

from pydantic import Field

from ...core.measures import DeclaredCalls, Figure, MeasureBench, MeasureSubject, PromptVariant, Reading
from ...core.protocols import Need
from ...core.stats.intervals import CONFIDENCE, mean_interval
from ...core.stats.spread import paired_spread, variance_component


@dataclass(kw_only=True)
class PromptSuite:
    """Measures variants of each part of the prompt (Habba et al., arXiv 2507.14913).

    The score of a prompt is its mean over variants that mean the same, and their standard deviation. The share of a
    part is V(part) / Σ V, where V = max(0, (MS between its variants - MS residual) / n): the variance between the
    variants of that part and the prompt, freed of what luck adds. Each part is tested by `paired_spread`. Runs:
    (1 + variants × perturbers) × examples; perturbers that ask a model add a question for each variant.

    Args:
        variants: Of each part.
        perturbers: What varies the prompt; those that do not apply to it give no variants.
    """

    name = "prompt-suite"
    needs: ClassVar[frozenset[Need]] = frozenset({"references", "optimizer"})

    variants: Annotated[int, Field(ge=1)] = 3
    perturbers: Sequence[str] = ("paraphrase", "format", "typos", "demo-order", "section-order")

    def calls(self, subject: MeasureSubject) -> DeclaredCalls:
        count = self.variants * len(self.perturbers)
        return DeclaredCalls(runs=(1 + count) * len(subject.examples), asks=count)

    async def measure(self, subject: MeasureSubject, bench: MeasureBench) -> Reading:
        program, rows, n = subject.program, subject.examples, len(subject.examples)
        variants = list[PromptVariant]()
        for perturber in self.perturbers:
            variants += await bench.vary_prompt(perturber, program.main, self.variants)
        programs = [program, *(program.replace(variant.prompt) for variant in variants)]
        evaluations = await bench.evaluate([(variant, row) for variant in programs for row in rows])
        scores = [[item.score for item in evaluations[at * n : at * n + n]] for at in range(len(programs))]
        means = [mean(row) for row in scores]
        components = dict.fromkeys(variant.component for variant in variants)
        by_component = {
            name: [scores[0], *(scores[at] for at, variant in enumerate(variants, 1) if variant.component == name)]
            for name in components
        }
        parts = {name: variance_component(matrix) for name, matrix in by_component.items()}
        total = sum(parts.values())
        level = (1 - CONFIDENCE) / max(1, len(parts))  # Bonferroni: each part is a test of its own
        moving = [name for name, matrix in by_component.items() if paired_spread(matrix, seed=subject.seed).p < level]
        shares = [
            Figure(name=f"share of {name}", value=value / total if total else 0.0) for name, value in parts.items()
        ]
        over_variants = mean_interval([mean(column) for column in zip(*scores, strict=True)])
        verdict = (
            f"the score depends on {', '.join(moving)}: {over_variants.value:.3f} over {len(scores)} wordings, "
            f"{means[0]:.3f} as written"
            if moving
            else f"no evidence that the wording matters: {over_variants.value:.3f} over {len(scores)} wordings, "
            f"{means[0]:.3f} as written"
        )
        return Reading(
            figures=(
                Figure.of("mean", over_variants),
                Figure(name="spread", value=pstdev(means)),
                Figure(name="as written", value=means[0]),
                *shares,
            ),
            verdict=verdict,
            advice=f"report the mean over wordings, and search over {moving[0]}" if moving else "",
            columns=("part", "variant", "score"),
            rows=(
                ("", "as written", round(means[0], 4)),
                *(
                    (variant.component, variant.change, round(score, 4))
                    for variant, score in zip(variants, means[1:], strict=True)
                ),
            ),
        )
