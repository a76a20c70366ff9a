"""A bench without models: a measure runs against a score that the test knows.

bench = SimulatedBench(score=lambda program, example: 1.0)
reading = asyncio.run(FormatSpread().measure(subject, bench.open()))
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..core.dataset import Example
from ..core.identity import seeded_random
from ..core.measures import DeclaredCalls, ExampleVariant, MeasureBench, PromptVariant
from ..core.program import Program
from ..core.prompt import Prompt
from ..core.protocols import Team
from ..core.recipe import PluginRef
from ..core.score import Evaluation
from ..plugins.system.registry import Registry


def _no_answer(program: Program, example: Example) -> str:
    return ""


def _no_loss(program: Program, example: Example, answer: str) -> float:
    return 0.0


@dataclass(kw_only=True)
class SimulatedBench:
    """Scores by a function, and counts.

    Attributes:
        score: Program and example → score in [0, 1].
        team: Answers questions.
        answer: Program and example → the answer; empty by default.
        loss: Program, example and text → nats per token.
        registry: Where perturbers are looked up; the built-ins by default.
        programs: Every program that was run, once per example.
    """

    score: Callable[[Program, Example], float]
    team: Team
    answer: Callable[[Program, Example], str] = _no_answer
    loss: Callable[[Program, Example, str], float] = _no_loss
    registry: Registry = field(default_factory=lambda: Registry.load(()))
    programs: list[Program] = field(default_factory=list)
    asks: int = 0
    losses: int = 0

    def open(self) -> MeasureBench:
        return MeasureBench(
            evaluate=self._evaluate,
            loss=self._loss,
            vary_prompt=self._vary_prompt,
            vary_example=self._vary_example,
            team=self.team,
        )

    @property
    def used(self) -> DeclaredCalls:
        """What was taken; of asks, those of perturbers."""
        return DeclaredCalls(runs=len(self.programs), asks=self.asks, losses=self.losses)

    async def _evaluate(self, pairs: Sequence[tuple[Program, Example]]) -> Sequence[Evaluation]:
        self.programs += [program for program, _ in pairs]
        return [
            Evaluation(
                candidate=program.id,
                example=row.id,
                split="test",
                output=self.answer(program, row),
                answer=self.answer(program, row) or None,
                score=self.score(program, row),
                step=1,
            )
            for program, row in pairs
        ]

    async def _loss(self, program: Program, example: Example, answer: str) -> float:
        self.losses += 1
        return self.loss(program, example, answer)

    def _create(self, perturber: PluginRef | str, count: int) -> Any:
        use = PluginRef(use=perturber) if isinstance(perturber, str) else perturber
        created = self.registry.create("perturber", use.use, **use.options)
        self.asks += -(-created.calls * count // 2)
        return created

    async def _vary_prompt(self, perturber: PluginRef | str, prompt: Prompt, count: int) -> Sequence[PromptVariant]:
        created = self._create(perturber, count)
        variants: Sequence[PromptVariant] = await created.vary_prompt(
            prompt, count, rng=seeded_random(0, prompt.id), team=self.team
        )
        return variants

    async def _vary_example(self, perturber: PluginRef | str, example: Example, count: int) -> Sequence[ExampleVariant]:
        created = self._create(perturber, count)
        variants: Sequence[ExampleVariant] = await created.vary_example(
            example, count, rng=seeded_random(0, example.id), team=self.team
        )
        return variants
