"""Baseline and winner on further target models: whether a gain on one model holds on others."""

from __future__ import annotations

from collections.abc import Sequence

from ...core.candidate import Candidate
from ...core.dataset import Example
from ...core.errors import ModelError
from ...core.models import ModelRef, Output
from ...core.program import Program
from ...core.protocols import Gateway, Target
from ...core.report import Flips, TransferScore
from ...core.score import Evaluation
from ...core.stats.intervals import count_flips
from ...core.stats.tests import compare_paired, verdict
from ..run_context import RunContext
from .measure import measure, only_evaluations


class OtherModelTarget:
    """The run's target with another model behind it."""

    def __init__(self, target: Target, model: ModelRef) -> None:
        self.name, self.needs = target.name, target.needs
        self._target, self._model = target, model

    async def run(self, program: Program, example: Example, model: ModelRef, gateway: Gateway) -> Output:
        return await self._target.run(program, example, self._model, gateway)

    def calls(self, program: Program) -> int:
        return self._target.calls(program)


async def measure_other_targets(
    context: RunContext, baseline: Candidate, best: Candidate, rows: Sequence[Example], step: int
) -> tuple[TransferScore, ...]:
    """A line for each further target model, on the examples that both programs have a score on.

    A model that fails is a line with the reason: what the others showed is paid for.
    """
    lines = []
    for model in context.config.other_targets:
        target = OtherModelTarget(context.config.target, model)
        candidates = [baseline] if best.id == baseline.id else [baseline, best]
        pairs = [(candidate, row) for row in rows for candidate in candidates]
        try:
            results = only_evaluations(
                await measure(context, pairs, split="test", step=step, target=target, keep=False)
            )
        except ModelError as error:
            lines.append(TransferScore(model=str(model), n=0, error=error.what))
            continue
        lines.append(_transfer_score(str(model), results, baseline.id, best.id))
    return tuple(lines)


def _transfer_score(model: str, results: Sequence[Evaluation], baseline: str, best: str) -> TransferScore:
    before, after = (
        {result.example: result.score for result in results if result.candidate == name} for name in (baseline, best)
    )
    rows = [row for row in before if row in after]
    if not rows:
        return TransferScore(model=model, n=0, error="the budget paid for no example")
    start, end = ([scores[row] for row in rows] for scores in (before, after))
    difference = compare_paired(start, end, seed=0)
    gained, lost = count_flips(start, end)
    return TransferScore(
        model=model,
        n=len(rows),
        start=sum(start) / len(rows),
        best=sum(end) / len(rows),
        difference=difference,
        flips=Flips(gained=gained, lost=lost),
        verdict=verdict(difference, difference.p),
    )
